/**
 * `kafka-transactions.sh forceTerminateTransaction`: a new producer with the same transactional id
 * is made, which ends what the old one had open.
 *
 * Source: `TransactionsCommand.ForceTerminateTransactionsCommand` (4.1): InitProducerId, with the
 * request's timeout as the transaction's. Not here: the other subcommands (`transactions.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import { producerConfig } from '../../kafka/client/config.ts';
import {
  producerTransactions,
  transactionsOf,
} from '../../kafka/client/producer/producer-transactions.ts';
import { Producer } from '../../kafka/client/producer/producer.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import type { Call } from '../program.ts';
import { bootstrapOf, messageOf, profileOfWorld } from './admin-session.ts';
import type { Arguments } from './argparse.ts';

/** Ends what a transactional id has open, and the tool. */
export function terminateTransaction(call: Call, { values }: Arguments): void {
  const id = values.get('--transactionalId')?.[0] ?? '';
  const found = bootstrapOf(values.get('--bootstrap-server')?.[0] ?? '', call.world);
  assert(id !== '' && found.ok, 'an admin client was made of the same words', { id });
  const profile = profileOfWorld(call.world);
  const settings = { 'transactional.id': id, 'transaction.timeout.ms': '30000' };
  const options = { bootstrap: found.addresses, profile, settings };
  const config = producerConfig(profile, settings);
  const transactions = producerTransactions;
  const producer = new Producer(call.ports, { ...options, transactions }, config);
  producer.start();
  transactionsOf(producer).initTransactions((errorCode) => {
    if (errorCode !== ErrorCode.NONE) {
      const what = `Failed to force terminate transactionalId \`${id}\``;
      call.err(`${what}: ${messageOf(errorCode)} Enable debug logging for additional detail.`);
    }
    call.exit(errorCode === ErrorCode.NONE ? 0 : 1);
  });
}
