/** A host that asks controllers, or brokers, for things, one at a time, as a tool does. */
import { NetworkClient, networkClientOptions } from '#engine/kafka/network-client.ts';
import { assert } from '#engine/kernel/assert.ts';
import type { Ports, Process } from '#engine/kernel/ports.ts';
import type { Lab } from '#engine/lab/experiment.ts';
import type { Api } from '#engine/wire/kafka/api.ts';
import type { DataOf, Struct } from '#engine/wire/kafka/schema.ts';

const portOf = (host: string) => (host.startsWith('broker') ? 9092 : 9093);

export class QuorumAsker implements Process {
  readonly #client: NetworkClient;
  #started = false;
  /** The body of the last answer; null while there is none. */
  answer: unknown = null;

  constructor(ports: Ports) {
    const options = networkClientOptions('tool', { versions: 'fixed' });
    this.#client = new NetworkClient(ports, options);
  }

  start(): void {
    this.#started = true;
  }

  ask(host: string, api: Api, body: unknown): void {
    assert(this.#started, 'it runs', { host });
    this.answer = null;
    const address = { host, port: portOf(host) };
    this.#client.connectionTo(address).send(api.key, api.versionMax, body, (reply) => {
      this.answer = reply.ok ? reply.body : 'no answer';
    });
  }
}

const TOOL = 'tool';

/** Asks a controller; the answer is `answerOf(lab)` later. */
export function ask<Q extends Struct, R extends Struct>(
  lab: Lab,
  controller: string,
  api: Api<Q, R>,
  body: DataOf<Q>,
): void {
  if (!lab.hosts().some(({ name }) => name === TOOL)) {
    lab.addHost(TOOL, (ports) => new QuorumAsker(ports));
  }
  const before = lab.host(TOOL).process as QuorumAsker | null;
  if (before !== null) before.answer = null;
  lab.command<QuorumAsker>(TOOL, api.name, (tool) => tool.ask(controller, api as Api, body));
}

export function answerOf<R>(lab: Lab): R | null {
  const tool = lab.hosts().find(({ name }) => name === TOOL)?.process as QuorumAsker | undefined;
  return (tool?.answer ?? null) as R | null;
}
