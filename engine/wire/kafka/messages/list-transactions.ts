/**
 * ListTransactions (key 66): the transactional ids that a broker coordinates (KIP-664); version 1
 * filters by how long they run (KIP-994), version 2 by a pattern (KIP-1152).
 */
import { api } from '../api.ts';
import { array, int16, int32, int64, string, struct, type DataOf } from '../schema.ts';

export const listTransactionsRequest = struct('ListTransactionsRequest', {
  stateFilters: array(string(), { about: 'Names of states; none: all.' }),
  producerIdFilters: array(int64(), { about: 'None: all.' }),
  durationFilter: int64({
    since: 1,
    default: -1,
    about: 'In milliseconds: only what has run for longer.',
  }),
  transactionalIdPattern: string({
    since: 2,
    nullable: true,
    default: null,
    about: 'A regular expression for transactional ids.',
  }),
});
export type ListTransactionsRequest = DataOf<typeof listTransactionsRequest>;

export const listTransactionsResponse = struct('ListTransactionsResponse', {
  throttleTimeMs: int32(),
  errorCode: int16(),
  unknownStateFilters: array(string()),
  transactionStates: array({
    transactionalId: string(),
    producerId: int64(),
    transactionState: string(),
  }),
});
export type ListTransactionsResponse = DataOf<typeof listTransactionsResponse>;

export const listTransactions = api({
  key: 66,
  name: 'ListTransactions',
  versions: [0, 2],
  flexible: 0,
  request: listTransactionsRequest,
  response: listTransactionsResponse,
});
