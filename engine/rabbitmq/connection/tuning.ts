/**
 * The limits that both sides agree on: the broker offers, the client chooses within the offer.
 *
 * 0 is "without bound": a client may choose it only where the broker offers it.
 * Source: `rabbit_reader:validate_negotiated_integer_value`.
 */
import { assert } from '../../kernel/assert.ts';
import { amqpError, ReplyCode, type AmqpError } from '../../wire/amqp/reply-code.ts';
import type { ConnectionSettings } from './connection-settings.ts';

/** What a connection is tuned to. */
export interface Tuning {
  readonly channelMax: number;
  readonly frameMax: number;
  /** Seconds; 0: none. */
  readonly heartbeat: number;
}

const CHANNEL_MIN = 1;

/** The 530 for a choice that is not allowed; null where it is. */
export function checkTuning(chosen: Tuning, settings: ConnectionSettings): AmqpError | null {
  const { frameMax, frameMinSize, channelMax } = settings;
  assert(frameMinSize > 0, 'a least frame', { frameMinSize });
  return (
    checkValue('frame_max', chosen.frameMax, { min: frameMinSize, max: frameMax }) ??
    checkValue('channel_max', chosen.channelMax, { min: CHANNEL_MIN, max: channelMax })
  );
}

function checkValue(
  name: string,
  chosen: number,
  { min, max }: { readonly min: number; readonly max: number },
): AmqpError | null {
  if (chosen !== 0 && chosen < min) {
    return refused(
      `negotiated ${name} = ${chosen} is lower than the minimum allowed value (${min})`,
    );
  }
  if (max !== 0 && (chosen === 0 || chosen > max)) {
    const what = chosen === 0 ? '0 (no limit)' : `${chosen}`;
    return refused(
      `negotiated ${name} = ${what} is higher than the maximum allowed value (${max})`,
    );
  }
  return null;
}

function refused(explanation: string): AmqpError {
  // The real reader blames its own method, not the client's answer.
  return amqpError(ReplyCode.NOT_ALLOWED, explanation, 'connection.tune');
}
