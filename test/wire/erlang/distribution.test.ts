/** Messages between nodes: sizes, octets in pieces, and what cannot be read. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  cookieDigest,
  type DistributionMessage,
  distributionProtocol,
} from '#engine/wire/erlang/distribution.ts';

const digest = cookieDigest('secret', 7);
const fromClient: readonly DistributionMessage[] = [
  { kind: 'name', name: 'rabbit@rabbit-1', creation: 3 },
  { kind: 'status', status: 'true' },
  { kind: 'challenge-reply', challenge: 4_000_000_000, digest },
  { kind: 'send', to: 'queue', message: { kind: 'publish', body: Uint8Array.of(1, 2) } },
  { kind: 'tick' },
  { kind: 'send', to: 'é'.repeat(200), message: null },
];
const fromServer: readonly DistributionMessage[] = [
  { kind: 'status', status: 'ok_simultaneous' },
  { kind: 'challenge', name: 'rabbit@rabbit-2', creation: 1, challenge: 9 },
  { kind: 'challenge-ack', digest },
  { kind: 'tick' },
  { kind: 'send', to: 'queue', message: [1, 2] },
];

function octetsOf(messages: readonly DistributionMessage[]): Uint8Array {
  const codec = distributionProtocol.codec('client');
  const frames = messages.map((message) => {
    const frame = codec.encode(message);
    expect(frame.length).toBe(distributionProtocol.size(message));
    return frame;
  });
  return Uint8Array.from(frames.flatMap((frame) => [...frame]));
}

describe('erlang: distribution protocol', () => {
  test.each([
    ['server', fromClient],
    ['client', fromServer],
  ] as const)('erlang: distribution: a %s reads what was sent, in any pieces', (role, sent) => {
    const octets = octetsOf(sent);
    fc.assert(
      fc.property(fc.array(fc.nat(octets.length), { maxLength: 8 }), (cuts) => {
        const codec = distributionProtocol.codec(role);
        const edges = [0, ...cuts.sort((left, right) => left - right), octets.length];
        const read = edges.flatMap(
          (edge, at) => codec.decode(octets.subarray(edges[at - 1] ?? 0, edge)).messages,
        );
        expect(read).toStrictEqual(sent);
      }),
    );
  });

  test('erlang: distribution: a digest is MD5 of the cookie and the challenge as text', () => {
    // erlang:md5("secret" ++ "7")
    expect(Buffer.from(digest).toString('hex')).toBe('fcfcda07b8fb7dff788af166b6a78f3e');
  });

  test('erlang: distribution: changed octets are messages or a violation, then nothing', () => {
    const octets = octetsOf(fromClient);
    const changes = fc.array(fc.tuple(fc.nat(octets.length - 1), fc.nat(255)), { minLength: 1 });
    let violations = 0;
    fc.assert(
      fc.property(changes, (all) => {
        const changed = octets.slice();
        for (const [place, value] of all) changed[place] = value;
        const codec = distributionProtocol.codec('server');
        const { violation } = codec.decode(changed);
        if (violation === undefined) return;
        violations += 1;
        expect(codec.decode(octets)).toEqual({ messages: [], violation });
      }),
    );
    expect(violations).toBeGreaterThan(20);
  });

  test('erlang: distribution: a frame of 4 GiB is refused before it arrives', () => {
    const codec = distributionProtocol.codec('server');
    codec.decode(octetsOf(fromClient.slice(0, 3)));
    const { violation } = codec.decode(Uint8Array.of(255, 255, 255, 255));
    expect(violation).toBe('a message of 4294967295 octets');
  });
});
