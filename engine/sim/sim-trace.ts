/**
 * What the simulated world itself records: each handled event, each message's way, each fault.
 * Products record what they mean by it.
 */
import { traceKind } from '../kernel/ports.ts';

export const startKind = traceKind('start', { incarnation: 'int' });
export const timerKind = traceKind('timer', { label: 'string' });
export const commandKind = traceKind('command', { label: 'string' });
/** `message` is the same number at the sender, the receiver and the place where it was lost. */
export const sendKind = traceKind('send', {
  to: 'string',
  message: 'int',
  what: 'string',
  bytes: 'int',
  connection: 'int',
});
export const deliverKind = traceKind('deliver', {
  from: 'string',
  message: 'int',
  what: 'string',
  bytes: 'int',
  connection: 'int',
});
export const dropKind = traceKind('drop', {
  from: 'string',
  to: 'string',
  message: 'int',
  what: 'string',
  connection: 'int',
});
export const connectKind = traceKind('connect', { to: 'string', port: 'int', connection: 'int' });
export const openedKind = traceKind('opened', { to: 'string', connection: 'int' });
export const acceptedKind = traceKind('accepted', { from: 'string', connection: 'int' });
export const closedKind = traceKind('closed', {
  peer: 'string',
  connection: 'int',
  reason: 'string',
});
export const drainedKind = traceKind('drained', { connection: 'int' });
export const syncedKind = traceKind('synced', { path: 'string', result: 'string', bytes: 'int' });
export const faultKind = traceKind('fault', { fault: 'string', detail: 'string' });
export const haltKind = traceKind('halt', { reason: 'string' });
/** An assertion failed in a process: a bug of the engine, which ends the run. */
export const bugKind = traceKind('bug', { message: 'string' });
