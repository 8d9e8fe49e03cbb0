/** A client that sends hand-made requests, for tests of what a broker answers. */
import type { Ports, Process } from '../../../engine/kernel/ports.ts';
import {
  NetworkClient,
  type Reply,
  networkClientOptions,
} from '../../../engine/kafka/network-client.ts';
import type { Api } from '../../../engine/wire/kafka/api.ts';
import type { DataOf, Struct } from '../../../engine/wire/kafka/schema.ts';
import { Cluster } from '../cluster.ts';

class RawProcess implements Process {
  readonly network: NetworkClient;

  constructor(ports: Ports) {
    const options = { versions: 'fixed' as const, requestTimeoutMs: 60_000 };
    this.network = new NetworkClient(ports, networkClientOptions('raw', options));
  }

  start(): void {
    // It only answers to commands.
  }
}

export class RawClient {
  readonly #cluster: Cluster;
  readonly #name: string;
  readonly #process: RawProcess;

  constructor(cluster: Cluster, name = 'raw-1') {
    this.#cluster = cluster;
    this.#name = name;
    const host = cluster.world.addHost(name, (ports) => new RawProcess(ports));
    host.start();
    cluster.until('the raw client starts', () => host.process !== null);
    this.#process = host.process as RawProcess;
  }

  /** Sends, and calls back with the reply. */
  send<Q extends Struct, R extends Struct>(
    broker: number,
    api: Api<Q, R>,
    body: DataOf<Q>,
    onReply: (reply: Reply) => void,
    options: { readonly version?: number; readonly expectReply?: boolean } = {},
  ): void {
    const { version = api.versionMax, expectReply = true } = options;
    this.#cluster.world.command(this.#name, api.name, () => {
      const channel = this.#process.network.connectionTo({ host: `broker-${broker}`, port: 9092 });
      channel.send(api.key, version, body, onReply, { expectReply });
    });
  }

  /** Sends and waits for the response. */
  ask<Q extends Struct, R extends Struct>(
    broker: number,
    api: Api<Q, R>,
    body: DataOf<Q>,
    version = api.versionMax,
  ): DataOf<R> {
    let reply: Reply | null = null;
    this.send(broker, api, body, (answer) => (reply = answer), { version });
    this.#cluster.until(`${api.name} is answered`, () => reply !== null, 70);
    const answer = reply as unknown as Reply;
    if (!answer.ok) throw new Error(`${api.name}: ${answer.reason}`);
    return answer.body as DataOf<R>;
  }
}
