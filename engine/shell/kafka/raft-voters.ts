/**
 * `add-controller` and `remove-controller` of `kafka-metadata-quorum.sh` (KIP-853): who votes in
 * the metadata quorum.
 *
 * Source: `MetadataQuorumCommand.handleAddController`, `handleRemoveController`; `Uuid.fromString`.
 * Not here: the change (`kafka/raft/quorum-apis.ts`). Difference: the id of a controller's
 * directory follows from its node id (`kafka/raft/voter-id.ts`): no `meta.properties` is read.
 */
import { assert } from '../../kernel/assert.ts';
import type { AdminResult } from '../../kafka/client/admin-call.ts';
import { CLUSTER_ID } from '../../kafka/metadata/metadata-log.ts';
import { directoryIdOf } from '../../kafka/raft/voter-id.ts';
import {
  addRaftVoter,
  type AddRaftVoterRequest,
} from '../../wire/kafka/messages/add-raft-voter.ts';
import {
  removeRaftVoter,
  type RemoveRaftVoterRequest,
} from '../../wire/kafka/messages/remove-raft-voter.ts';
import { type Call, ended } from '../program.ts';
import type { Arguments } from './argparse.ts';
import type { Asking } from './controller-client.ts';
import { executionException, tellThrown } from './java-exception.ts';

interface Answer {
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

/** A change that is fit to be asked for: what is printed when it is made, and the request. */
export type VoterChange =
  | { readonly text: string; readonly add: Omit<AddRaftVoterRequest, 'timeoutMs'> }
  | { readonly text: string; readonly remove: RemoveRaftVoterRequest };

/** Makes the change, unless it is only to be told. */
export function changeVoters(call: Call, { values }: Arguments, of: Asking, change: VoterChange) {
  const [adds, isDry] = ['add' in change, values.has('--dry-run')];
  const verb = isDry ? `DRY RUN of ${adds ? 'adding' : 'removing '}` : adds ? 'Added' : 'Removed ';
  const tell = (): void => void ended(call, 0, [`${verb} ${change.text}`]);
  if (isDry) {
    tell();
    return;
  }
  const done = (result: AdminResult<Answer>): void => {
    if (result.ok) tell();
    else tellThrown(call, executionException(adds ? 'addRaftVoter' : 'removeRaftVoter', result));
  };
  const partsOf = (answer: Answer) => [answer];
  if ('add' in change) {
    const body: AddRaftVoterRequest = { ...change.add, timeoutMs: of.calls.requestTimeoutMs };
    of.calls.broker<Answer>(addRaftVoter, body, null, done, partsOf);
  } else of.calls.broker<Answer>(removeRaftVoter, change.remove, null, done, partsOf);
}

/** What a line of `remove-controller` asks for, or the sentence that says what is wrong. */
export function removalOf({ values }: Arguments): VoterChange | string {
  const voterId = Number(values.get('--controller-id')![0]);
  if (voterId < 0) return `Invalid negative --controller-id: ${voterId}`;
  const voterDirectoryId = values.get('--controller-directory-id')![0]!;
  const problem = uuidProblem(voterDirectoryId);
  if (problem !== null) return `Failed to parse --controller-directory-id: ${problem}`;
  const text = `KRaft controller ${voterId} with directory id ${voterDirectoryId}`;
  return { text, remove: { clusterId: CLUSTER_ID, voterId, voterDirectoryId } };
}

const UUID_CHARACTERS_MAX = 24;
const UUID_BYTES = 16;

function uuidProblem(text: string): string | null {
  if (text.length > UUID_CHARACTERS_MAX) {
    const prefix = text.slice(0, UUID_CHARACTERS_MAX);
    return `Input string with prefix \`${prefix}\` is too long to be decoded as a base64 UUID`;
  }
  const bare = text.replace(/={1,2}$/, '');
  const wrong = /[^\w-]/.exec(bare);
  if (wrong !== null) return `Illegal base64 character ${wrong[0].charCodeAt(0).toString(16)}`;
  if (bare.length % 4 === 1) return 'Last unit does not have enough valid bits';
  const bytes = Math.floor((bare.length * 3) / 4);
  if (bytes === UUID_BYTES) return null;
  return (
    `Input string \`${text}\` decoded as ${bytes} bytes, which is not equal to the expected ` +
    '16 bytes of a base64-encoded UUID'
  );
}

const INVALID = 'Is this a valid controller configuration file?';

/** What the file of a controller asks for, or the sentence that says what it lacks. */
export function additionOf(properties: Readonly<Record<string, string>>): VoterChange | string {
  const {
    'node.id': id,
    'process.roles': roles = '',
    'controller.listener.names': names,
  } = properties;
  if (id === undefined) return `node.id not found in configuration file. ${INVALID}`;
  const voterId = Number(id);
  if (!Number.isInteger(voterId)) return `For input string: "${id}"`;
  if (voterId < 0) return `node.id was negative in configuration file. ${INVALID}`;
  if (!roles.includes('controller')) {
    return `process.roles did not contain 'controller' in configuration file. ${INVALID}`;
  }
  if (properties['metadata.log.dir'] === undefined && properties['log.dirs'] === undefined) {
    return `Neither metadata.log.dir nor log.dirs were found. ${INVALID}`;
  }
  if (names === undefined) return `controller.listener.names was not found. ${INVALID}`;
  const addresses = properties['advertised.listeners'] ?? properties['listeners'] ?? '';
  const listeners: AddRaftVoterRequest['listeners'][number][] = [];
  for (const name of names.split(',')) {
    const found = addresses.split(',').find((one) => one.startsWith(`${name}://`)) ?? '';
    const match = /^[^:]+:\/\/([\w.-]+):(\d{1,5})$/.exec(found);
    if (match === null) return `Cannot find information about controller listener name: ${name}`;
    listeners.push({ name, host: match[1]!, port: Number(match[2]) });
  }
  assert(listeners.length > 0, 'a listener', { names });
  const voterDirectoryId = directoryIdOf(voterId);
  const told = listeners.map(({ name, host, port }) => `${name}://${host}:${port}`).join(', ');
  const text = `controller ${voterId} with directory id ${voterDirectoryId} and endpoints: ${told}`;
  return { text, add: { clusterId: CLUSTER_ID, voterId, voterDirectoryId, listeners } };
}
