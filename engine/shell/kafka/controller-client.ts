/**
 * An admin client that begins with controllers (`--bootstrap-controller`, KIP-919): the one that is
 * named is asked, and where it does not lead the quorum, the others.
 *
 * Source: `AdminBootstrapAddresses`, `KafkaAdminClient`. Not here: what is asked (each tool).
 * Difference: where the others are is known of the world, and not asked by DescribeCluster.
 */
import { assert } from '../../kernel/assert.ts';
import type { Address, Clock } from '../../kernel/ports.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import type { AdminCallback, AdminCalls, PartError } from '../../kafka/client/admin-call.ts';
import { adminConfig, networkOptionsOf } from '../../kafka/client/config.ts';
import { NetworkClient } from '../../kafka/network-client.ts';
import type { Api } from '../../wire/kafka/api.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import type { Call } from '../program.ts';
import { bootstrapOf, profileOfWorld } from './admin-session.ts';
import { type JavaException, notCreated, toText } from './java-exception.ts';

/** What an admin client can do that asks somebody, whoever it is. */
export interface Asking {
  readonly calls: Pick<AdminCalls, 'requestTimeoutMs' | 'broker'>;
}

const CONTROLLER = 'controller-';
const PORT = 9093;
const AGAIN_MS = 100;

export function openControllers(call: Call, bootstrap: string): Asking | JavaException {
  const found = bootstrapOf(bootstrap, call.world);
  if (!found.ok) return notCreated('Failed to create new KafkaAdminClient', found.problem);
  const [named] = found.addresses;
  assert(named !== undefined, 'an address that was resolved', { bootstrap });
  if (!named.host.startsWith(CONTROLLER)) return mismatched;
  const others = call.world.lab
    .hosts()
    .filter(({ name }) => name.startsWith(CONTROLLER) && name !== named.host)
    .map(({ name }) => ({ host: name, port: PORT }));
  return { calls: new ControllerCalls(call, [named, ...others]) };
}

const wrongEndpoint = {
  exception: 'org.apache.kafka.common.errors.MismatchedEndpointTypeException',
  message:
    'The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type ' +
    'CONTROLLER',
};
const mismatched: JavaException = {
  exception: 'java.util.concurrent.ExecutionException',
  message: toText(wrongEndpoint),
  cause: wrongEndpoint,
};

class ControllerCalls implements Pick<AdminCalls, 'requestTimeoutMs' | 'broker'> {
  readonly requestTimeoutMs: number;
  readonly #network: NetworkClient;
  readonly #clock: Clock;
  readonly #controllers: readonly Address[];
  readonly #timeoutMs: number;

  constructor({ ports, world }: Call, controllers: readonly Address[]) {
    const config = adminConfig(profileOfWorld(world), {});
    this.requestTimeoutMs = config['request.timeout.ms'];
    this.#timeoutMs = config['default.api.timeout.ms'];
    this.#clock = ports.clock;
    this.#controllers = controllers;
    this.#network = new NetworkClient(ports, networkOptionsOf(config, ports.host));
  }

  broker<T>(
    api: Api,
    body: unknown,
    _brokerId: number | null,
    done: AdminCallback<T>,
    partsOf: (value: T) => readonly PartError[],
  ): void {
    const deadline = this.#clock.now() + microsOfMillis(this.#timeoutMs);
    const ask = (place: number): void => {
      const controller = this.#controllers[place % this.#controllers.length]!;
      const channel = this.#network.connectionTo(controller);
      channel.send(api.key, api.versionMax, body, (reply) => {
        const value = reply.ok ? (reply.body as T) : null;
        const failed = value === null ? NOBODY : partsOf(value).find((one) => one.errorCode !== 0);
        if (failed === undefined) done({ ok: true, value: value as T });
        else if (failed !== NOBODY && failed.errorCode !== ErrorCode.NOT_LEADER_OR_FOLLOWER) {
          const { errorCode, errorMessage } = failed;
          done({ ok: false, errorCode, message: errorMessage ?? '', value });
        } else if (this.#clock.now() >= deadline) {
          done({ ok: false, errorCode: NOBODY.errorCode, message: '', value: null });
        } else {
          const wait = microsOfMillis(AGAIN_MS);
          this.#clock.after(wait, 'retry.backoff.ms', () => ask(place + 1));
        }
      });
    };
    ask(0);
  }
}

const NOBODY: PartError = { errorCode: ErrorCode.BROKER_NOT_AVAILABLE, errorMessage: null };
