/**
 * Class tx (90): publishes and acknowledgements that take effect together.
 */
import { method } from '../grammar.ts';

export const txMethods = {
  'tx.select': method([90, 10], 'tx.select', {}, { from: 'client' }),
  'tx.select-ok': method([90, 11], 'tx.select-ok', {}, { from: 'server' }),
  'tx.commit': method([90, 20], 'tx.commit', {}, { from: 'client' }),
  'tx.commit-ok': method([90, 21], 'tx.commit-ok', {}, { from: 'server' }),
  'tx.rollback': method([90, 30], 'tx.rollback', {}, { from: 'client' }),
  'tx.rollback-ok': method([90, 31], 'tx.rollback-ok', {}, { from: 'server' }),
} as const;
