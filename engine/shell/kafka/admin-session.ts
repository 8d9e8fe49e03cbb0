/**
 * What Kafka's tools share before and after they ask: addresses of brokers as they are typed, files
 * of settings, and the sentences in which the Java client tells what failed.
 *
 * Source: `org.apache.kafka.clients.ClientUtils.parseAndValidateAddresses`, `KafkaAdminClient`,
 * `org.apache.kafka.common.protocol.Errors`. Not here: the client that asks
 * (`admin-client.ts`), what is asked (each tool).
 */
import { assert } from '../../kernel/assert.ts';
import type { Address } from '../../kernel/ports.ts';
import type { AdminResult } from '../../kafka/client/admin-call.ts';
import type { Profile } from '../../kafka/profiles.ts';
import { ErrorCode, errorName } from '../../wire/kafka/errors.ts';
import type { ShellWorld } from '../program.ts';

/** Where a client begins, or the sentence of the Java client that says why it cannot. */
export type Bootstrap =
  | { readonly ok: true; readonly addresses: readonly Address[] }
  | { readonly ok: false; readonly problem: string };

/** The profile of the world's cluster. */
export function profileOfWorld({ handles }: ShellWorld): Profile {
  assert(handles.kafka !== undefined, 'a world of these tools has a Kafka cluster');
  return handles.kafka.profile;
}

/** Reads `host:port,host:port`. Names that no host of the world has cannot be resolved. */
export function bootstrapOf(text: string, { lab }: ShellWorld): Bootstrap {
  const known = lab.hosts().map(({ name }) => name);
  const addresses: Address[] = [];
  for (const part of text.split(',')) {
    const match = /^([\w.-]+):(\d{1,5})$/.exec(part.trim());
    if (match === null) {
      return { ok: false, problem: `Invalid url in bootstrap.servers: ${part}` };
    }
    const [, host = '', port = ''] = match;
    if (known.includes(host)) addresses.push({ host, port: Number(port) });
  }
  if (addresses.length > 0) return { ok: true, addresses };
  return { ok: false, problem: 'No resolvable bootstrap urls given in bootstrap.servers' };
}

/** Whether the world's brokers keep their metadata in ZooKeeper. */
export function hasZooKeeper({ lab }: ShellWorld): boolean {
  return lab.hosts().some(({ name }) => name.startsWith('zookeeper-'));
}

/**
 * The world's brokers, in whose place a tool of old was told of ZooKeeper: it changed things there
 * by itself, and here they are asked. Null where there is no ZooKeeper.
 */
export function brokersByZooKeeper(world: ShellWorld): string | null {
  if (!hasZooKeeper(world)) return null;
  const brokers = world.handles.kafka!.clientOptions.bootstrap;
  assert(brokers.length > 0, 'a cluster has brokers');
  return brokers.map(({ host, port }) => `${host}:${port}`).join(',');
}

/** Whether a text is a list of `host:port`, as the tools check before any client does. */
export function isAddressList(text: string): boolean {
  return text.split(',').every((part) => /^[^:\s]+:\d{1,5}$/.test(part.trim()));
}

/** `name=value` words, as options take them: blanks belong to the value. */
export function propertiesOf(words: readonly string[]): Record<string, string> {
  const properties: Record<string, string> = {};
  for (const word of words) {
    const equals = word.indexOf('=');
    if (equals < 0) properties[word] = '';
    else properties[word.slice(0, equals)] = word.slice(equals + 1);
  }
  return properties;
}

/**
 * The properties of a file of the terminal's folder, none where no file is named; null if there is
 * no file of the name.
 */
export function propertiesFile(
  name: string | null,
  { files }: ShellWorld,
): Record<string, string> | null {
  if (name === null) return {};
  const text = files.get(name);
  if (text === undefined) return null;
  const lines = text.split('\n').map((line) => line.trim());
  return propertiesOf(
    lines
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => line.replace(/\s*=\s*/, '=')),
  );
}

/** The sentence of the Java exception for a call that failed. */
export function problemOf(
  callName: string,
  result: Pick<AdminResult<unknown> & { ok: false }, 'errorCode' | 'message' | 'value'>,
): string {
  const { errorCode, message, value } = result;
  if (value === null && errorCode === ErrorCode.BROKER_NOT_AVAILABLE) {
    return `Timed out waiting for a node assignment. Call: ${callName}`;
  }
  if (value === null && errorCode === ErrorCode.REQUEST_TIMED_OUT) {
    return `The ${callName} request timed out.`;
  }
  return message === '' || TRANSPORT.includes(message) ? messageOf(errorCode) : message;
}

/** What our client says where nobody answered. */
const TRANSPORT = ['disconnected', 'timeout', 'unsupported-version', 'no broker can be reached'];

/** What Java says of an error where the broker adds nothing (`Errors.message`). */
export function messageOf(errorCode: number): string {
  return MESSAGES[errorCode] ?? errorName(errorCode);
}

const MESSAGES: Readonly<Record<number, string>> = {
  [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION]: 'This server does not host this topic-partition.',
  [ErrorCode.LEADER_NOT_AVAILABLE]:
    'There is no leader for this topic-partition as we are in the middle of a leadership election.',
  [ErrorCode.NOT_LEADER_OR_FOLLOWER]:
    'For requests intended only for the leader, this error indicates that the broker is not the ' +
    'current leader. For requests intended for any replica, this error indicates that the broker ' +
    'is not a replica of the topic partition.',
  [ErrorCode.REQUEST_TIMED_OUT]: 'The request timed out.',
  [ErrorCode.BROKER_NOT_AVAILABLE]: 'The broker is not available.',
  [ErrorCode.NETWORK_EXCEPTION]: 'The server disconnected before a response was received.',
  [ErrorCode.MESSAGE_TOO_LARGE]:
    'The request included a message larger than the max message size the server will accept.',
  [ErrorCode.RECORD_LIST_TOO_LARGE]:
    'The request included message batch larger than the configured segment size on the server.',
  [ErrorCode.COORDINATOR_LOAD_IN_PROGRESS]:
    "The coordinator is loading and hence can't process requests.",
  [ErrorCode.COORDINATOR_NOT_AVAILABLE]: 'The coordinator is not available.',
  [ErrorCode.NOT_COORDINATOR]: 'This is not the correct coordinator.',
  [ErrorCode.INVALID_TOPIC_EXCEPTION]:
    'The request attempted to perform an operation on an invalid topic.',
  [ErrorCode.NOT_ENOUGH_REPLICAS]:
    'Messages are rejected since there are fewer in-sync replicas than required.',
  [ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND]:
    'Messages are written to the log, but to fewer in-sync replicas than required.',
  [ErrorCode.UNKNOWN_MEMBER_ID]: 'The coordinator is not aware of this member.',
  [ErrorCode.OFFSET_OUT_OF_RANGE]:
    'The requested offset is not within the range of offsets maintained by the server.',
  [ErrorCode.TOPIC_ALREADY_EXISTS]: 'Topic with this name already exists.',
  [ErrorCode.INVALID_CONFIG]: 'Configuration is invalid.',
  [ErrorCode.NOT_CONTROLLER]: 'This is not the correct controller for this cluster.',
  [ErrorCode.INVALID_REQUEST]:
    'This most likely occurs because of a request being malformed by the client library or the ' +
    'message was sent to an incompatible broker. See the broker logs for more details.',
  [ErrorCode.UNSUPPORTED_VERSION]: 'The version of API is not supported.',
  [ErrorCode.POLICY_VIOLATION]: 'Request parameters do not satisfy the configured policy.',
  [ErrorCode.NON_EMPTY_GROUP]: 'The group is not empty.',
  [ErrorCode.GROUP_ID_NOT_FOUND]: 'The group id does not exist.',
  [ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC]:
    'Deleting offsets of a topic is forbidden while the consumer group is actively subscribed ' +
    'to it.',
  [ErrorCode.CORRUPT_MESSAGE]:
    'This message has failed its CRC checksum, exceeds the valid size, has a null key for a ' +
    'compacted topic, or is otherwise corrupt.',
  [ErrorCode.UNKNOWN_SERVER_ERROR]:
    'The server experienced an unexpected error when processing the request.',
};
