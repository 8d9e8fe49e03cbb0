/**
 * What Apache ZooKeeper 3.8.4's shell (`ls`, `create`, `get`, `set`, `delete`, `stat`) sent to this
 * server through TCP, and what it understood of the replies: both directions, frame by frame.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { ZooKeeperMessage } from '../../engine/wire/zookeeper/messages.ts';
import { zooKeeperProtocol } from '../../engine/wire/zookeeper/protocol.ts';

const lines = readFileSync(new URL('zookeeper-shell-3.8.4.txt', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => ({ sent: line.startsWith('>'), bytes: Buffer.from(line.slice(2), 'hex') }));

describe('zookeeper: the real shell', () => {
  test('its requests are read, and written again byte for byte', () => {
    const server = zooKeeperProtocol.codec('server');
    const client = zooKeeperProtocol.codec('client');
    const asked = lines.filter(({ sent }) => sent);
    const names = asked.map(({ bytes }) => {
      const { messages, violation } = server.decode(bytes);
      expect(violation).toBeUndefined();
      expect(messages).toHaveLength(1);
      expect(Buffer.from(client.encode(messages[0])).toString('hex')).toBe(bytes.toString('hex'));
      return zooKeeperProtocol.describe(messages[0]);
    });
    expect(names).toEqual([
      'connect 0x0',
      'getChildren2',
      'create',
      'getData',
      'setData',
      'create',
      'getChildren2',
      'delete',
      'delete',
      'delete',
      'exists',
      'closeSession',
    ]);
  });

  test('the replies that it understood are what our client reads', () => {
    const server = zooKeeperProtocol.codec('server');
    const client = zooKeeperProtocol.codec('client');
    const replies: ZooKeeperMessage[] = [];
    for (const { sent, bytes } of lines) {
      const { messages } = (sent ? server : client).decode(bytes);
      if (sent) client.encode(messages[0]);
      else replies.push(...(messages as ZooKeeperMessage[]));
    }
    const texts = replies.map((reply) => zooKeeperProtocol.describe(reply));
    expect(texts.slice(-4)).toEqual([
      'delete BADVERSION',
      'delete reply',
      'exists NONODE',
      'closeSession reply',
    ]);
    expect(replies[1]).toMatchObject({
      body: { stat: { numChildren: 11, ephemeralOwner: '0x0' } },
    });
    expect(texts).toContain('event /rec');
  });
});
