/** Every scenario that was played on a real broker. */
import type { Scenario } from './scenario.ts';
import { consumers } from './scenarios/consumers.ts';
import { deadLetters } from './scenarios/dead-letters.ts';
import { replies } from './scenarios/replies.ts';
import { declaring } from './scenarios/declaring.ts';
import { exchanges } from './scenarios/exchanges.ts';
import { limits } from './scenarios/limits.ts';
import { permissions } from './scenarios/permissions.ts';
import { quorumQueues } from './scenarios/quorum-queues.ts';
import { settling } from './scenarios/settling.ts';
import { streams } from './scenarios/streams.ts';
import { transactions } from './scenarios/transactions.ts';

export const scenarios: readonly Scenario[] = [
  ...exchanges,
  ...declaring,
  ...consumers,
  ...settling,
  ...limits,
  ...deadLetters,
  ...permissions,
  ...transactions,
  ...streams,
  ...quorumQueues,
  ...replies,
];
