/**
 * Class channel (20): many conversations within one connection.
 */
import { bit, longstr, method, short, shortstr } from '../grammar.ts';

export const channelMethods = {
  'channel.open': method([20, 10], 'channel.open', { outOfBand: shortstr() }, { from: 'client' }),
  'channel.open-ok': method(
    [20, 11],
    'channel.open-ok',
    { channelId: longstr() },
    { from: 'server' },
  ),
  'channel.flow': method([20, 20], 'channel.flow', { active: bit() }, { from: 'both' }),
  'channel.flow-ok': method([20, 21], 'channel.flow-ok', { active: bit() }, { from: 'both' }),
  'channel.close': method(
    [20, 40],
    'channel.close',
    { replyCode: short(), replyText: shortstr(), classId: short(), methodId: short() },
    { from: 'both' },
  ),
  'channel.close-ok': method([20, 41], 'channel.close-ok', {}, { from: 'both' }),
} as const;
