/**
 * The record inspector and the catalogue of state machines: what they say is what the files and the
 * trace have, and looking changes nothing.
 */
import '#engine/bytes/codecs.ts';
import { describe, expect, test } from 'vitest';
import { fieldsOf } from '#engine/lab/inspect/batch-bytes.ts';
import { inspectRecord } from '#engine/lab/inspect/record.ts';
import { charts, machineLives } from '#engine/lab/machines.ts';
import { Run } from '#engine/lab/run.ts';
import { Session } from '#engine/lab/session.ts';
import { dumpLog } from '#engine/kafka/partition/dump-log.ts';
import { encodeBatch, readBatchHeader } from '#engine/wire/kafka/record-batch.ts';
import { encodeUtf8 } from '#engine/bytes/utf8.ts';
import type { Experiment } from '#engine/lab/experiment.ts';
import acksAndLoss from '../../lessons/kafka/acks-and-loss/experiment.ts';

const experiment: Experiment = acksAndLoss;
const session = new Session(experiment);
const { events, steps } = session.summary();
const stepEnd = (id: string) => steps.find((step) => step.id === id)!.to;
const at = (event: number, host: string, offset: number) =>
  inspectRecord(session.again(event).world, { host, log: 'pay-0', offset });

describe('lab: the record inspector', () => {
  test('a batch is what kafka-dump-log.sh says of it, with the CRC right', () => {
    const { world } = session.again(events);
    const batch = inspectRecord(world, { host: 'broker-2', log: 'pay-0', offset: 3 })!;
    const { header, place } = batch;
    const { baseOffset, lastOffset, recordsCount } = header;
    const text = dumpLog(world.hostNamed('broker-2')!.disk, [place.path]);
    expect(text).toContain(
      `baseOffset: ${baseOffset} lastOffset: ${lastOffset} count: ${recordsCount}`,
    );
    expect(text).toContain(`crc: ${header.crc} isvalid: ${batch.isCrcRight}`);
    expect(batch.isCrcRight).toBe(true);
    expect(batch.records.map(({ value }) => value)).toEqual(['r1', 'r2', 'r3', 'r4', 'r5']);
    expect(batch.source).toBe('log');
  });

  test('the fields cover every byte once, in order, and the values are the header’s', () => {
    const batch = at(events, 'broker-2', 0)!;
    let end = 0;
    for (const field of batch.fields) {
      expect(field.at).toBe(end);
      end += field.size;
    }
    expect(end).toBe(batch.header.sizeBytes);
    const values = new Map(batch.fields.slice(0, 13).map(({ name, value }) => [name, value]));
    expect(values.get('maxTimestamp')).toBe(String(batch.header.maxTimestamp));
    expect(values.get('crc')).toBe(`0x${batch.header.crc.toString(16)}`);
    const last = batch.fields.filter(({ name }) => name === 'value').at(-1)!;
    expect([...batch.bytes.subarray(last.at, last.at + last.size)]).toEqual([
      ...encodeUtf8(last.value),
    ]);
  });

  test('headers are fields of their record, and compressed records are one field', () => {
    const records = [
      {
        timestamp: 5,
        key: encodeUtf8('k'),
        value: null,
        headers: [{ key: 'h', value: encodeUtf8('v') }],
      },
    ];
    const namesOf = (codec: 'none' | 'gzip') => {
      const bytes = encodeBatch({ records, codec });
      const header = readBatchHeader(bytes);
      if (typeof header === 'string') throw new Error(header);
      return fieldsOf(bytes, header)
        .slice(13)
        .map(({ name, value }) => `${name}=${value}`);
    };
    expect(namesOf('none').slice(4)).toEqual([
      'keyLength=1',
      'key=k',
      'valueLength=-1',
      'headersCount=1',
      'headerKeyLength=1',
      'headerKey=h',
      'headerValueLength=1',
      'headerValue=v',
    ]);
    expect(namesOf('gzip')).toEqual(['records=']);
  });

  test('of a broker that is down the files are read; its record is gone when it is cut off', () => {
    const down = at(stepEnd('die'), 'broker-1', 6)!;
    expect(down.source).toBe('disk');
    expect(down.records.map(({ value }) => value)).toContain('r7');
    expect(at(events, 'broker-1', 6)).toBeNull();
    expect(at(stepEnd('create'), 'broker-1', 0)).toBeNull();
  });

  test('the place: the index entry at or below the offset, and what a scan passes over', () => {
    const run = new Run(experiment).runTo(stepEnd('send-more'));
    const { world } = run;
    const first = inspectRecord(world, { host: 'broker-1', log: 'pay-0', offset: 0 })!;
    expect(first.place.index).toEqual({
      path: 'data/pay-0/00000000000000000000.index',
      entries: 0,
      found: null,
    });
    const second = inspectRecord(world, { host: 'broker-1', log: 'pay-0', offset: 5 })!;
    expect(second.place.position).toBe(first.header.sizeBytes);
    expect(second.place.relativeOffset).toBe(5);
    expect([second.place.scanFrom, second.place.batchesPassed]).toEqual([0, 1]);
  });

  test('index entries are read from the files of a host whose process is down', () => {
    const { world } = session.again(stepEnd('die'));
    const { disk } = world.hostNamed('broker-1')!;
    const entries = new DataView(new ArrayBuffer(16));
    entries.setInt32(0, 4);
    entries.setInt32(8, 5);
    entries.setInt32(12, 106);
    disk.open('data/pay-0/00000000000000000000.index').write(0, new Uint8Array(entries.buffer));
    const batch = inspectRecord(world, { host: 'broker-1', log: 'pay-0', offset: 6 })!;
    expect(batch.place.index.found).toEqual({
      entry: 1,
      relativeOffset: 5,
      offset: 5,
      says: 106,
    });
    expect([batch.place.scanFrom, batch.place.batchesPassed]).toEqual([106, 0]);
  });

  test('looking changes nothing: the session’s own run is another world', () => {
    const before = session.summary().traceHash;
    at(events, 'broker-1', 0);
    expect(session.summary().traceHash).toBe(before);
    const run = session.again(events);
    expect([run.world.event, run.world.now]).toEqual([events, session.summary().micros]);
  });
});

describe('lab: the catalogue of machines', () => {
  const all = charts();

  test('every machine has a real name, a document and one beginning', () => {
    expect(all.length).toBe(22);
    for (const { machine, realName, doc, states, transitions } of all) {
      expect([realName, doc], machine).not.toContain('');
      const paths = new Set(states.map(({ path }) => path));
      expect(states.filter(({ parent, isInitial }) => parent === null && isInitial).length).toBe(1);
      for (const { from, to } of transitions) {
        expect(from === '' || paths.has(from), `${machine} ${from}`).toBe(true);
        expect(paths.has(to), `${machine} ${to}`).toBe(true);
      }
    }
  });

  test('inner states, guards, delays and eventless transitions are told', () => {
    const chartOf = (id: string) => all.find(({ machine }) => machine === id)!;
    const fetching = chartOf('replica').states.find(({ path }) => path === 'Follower.Fetching');
    expect(fetching?.parent).toBe('Follower');
    expect(chartOf('replica').transitions).toContainEqual({
      from: 'Follower',
      to: 'Follower.Truncating',
      event: 'FETCH_FROM_LEADER',
      guard: 'startsTruncating',
    });
    expect(chartOf('broker-lifecycle').transitions.map(({ event }) => event)).toContain(
      'after 300000 ms',
    );
    expect(chartOf('broker-registration').transitions[0]).toEqual({
      from: 'REGISTERED',
      to: 'FENCED',
      event: 'always',
      guard: 'startsFenced',
    });
  });

  test('every state of a run is in its chart, and each step begins where the last ended', () => {
    const { hosts } = session.frame(events);
    for (const host of hosts) {
      for (const { machine, steps: taken } of machineLives(session.trace.entries(), host.name)) {
        const chart = all.find((one) => one.machine === machine)!;
        for (const [place, step] of taken.entries()) {
          expect(chart.states.map(({ path }) => path)).toContain(step.to);
          if (place > 0) expect(step.from).toBe(taken[place - 1]!.to);
        }
      }
    }
  });

  test('a crash ends the machines of its host, and its restart begins new ones', () => {
    const lives = machineLives(session.trace.entries(), 'broker-1').filter(
      ({ machine }) => machine === 'replica',
    );
    expect(lives.length).toBe(2);
    expect(lives[0]!.end).toBe(stepEnd('die'));
    expect(lives[0]!.steps.at(-1)!.to).toBe('Leader');
    expect(lives[1]!.steps.at(-1)!.to).toBe('Follower.Fetching');
    expect(lives[1]!.end).toBeNull();
  });
});
