/**
 * A server's codec for which the handshake is over: frames of any size, channels of any number.
 */
import { AMQP_0_9_1, command, encodeMessage } from '#engine/wire/amqp/command.ts';
import { amqpProtocol } from '#engine/wire/amqp/protocol.ts';
import type { Codec } from '#engine/kernel/ports.ts';

export function openCodec(frameMax = 0): Codec {
  const codec = amqpProtocol.codec('server');
  codec.decode(encodeMessage(AMQP_0_9_1));
  codec.decode(encodeMessage(command(0, 'connection.tune-ok', { frameMax })));
  codec.decode(encodeMessage(command(0, 'connection.open', {})));
  return codec;
}
