/** What clicks type on the playground's page is what its commands take. */
import { describe, expect, it } from 'vitest';
import type { Playground } from '../../engine/lab/playground/playground.ts';
import { playgroundExperiment } from '../../engine/shell/playground/playground-experiment.ts';
import { TerminalSession } from '../../engine/shell/terminal-session.ts';
import { toolsOf } from '../../engine/shell/toolbox.ts';
import { lineOf, OFFERS, offersOf } from '../../web/playground/offers.ts';
import { STARTING_POINTS, startingPoints } from '../../web/playground/starting-points.ts';
import { playgroundState } from '../../web/worker/playground-state.ts';

const tools = toolsOf(playgroundExperiment.terminal!.products);
const opened = () => new TerminalSession({ experiment: playgroundExperiment, tools });
const stateOf = ({ run }: TerminalSession) => playgroundState(run.subject as Playground);

/** Types a line that has to be right. */
function does(session: TerminalSession, line: string): void {
  session.type(1, line);
  const last = session.transcript[session.transcript.length - 1];
  const told = typeof last?.text === 'string' ? last.text : last?.text.en;
  expect({ line, told, code: session.shell.pane(1).code }).toEqual({ line, told, code: 0 });
}

describe('playground: offers', () => {
  it('each can be typed, in the order in which they appear', () => {
    const session = opened();
    const seen = new Set<string>();
    for (;;) {
      const next = offersOf(stateOf(session)).find(({ id }) => !seen.has(id));
      if (next === undefined) break;
      seen.add(next.id);
      does(session, lineOf(next, {}));
    }
    expect([...seen].sort()).toEqual([...OFFERS].sort());
    session.type(1, 'run 10s');
    expect(session.run.world.failure).toBeNull();
    expect(session.run.history.delivered.length).toBeGreaterThan(0);
  });

  it('a topic is offered no more replicas than there are brokers', () => {
    const session = opened();
    does(session, 'add kafka --brokers 1');
    for (const factors of [['1'], ['1', '2'], ['1', '2', '3'], ['1', '2', '3']]) {
      const offer = offersOf(stateOf(session)).find(({ id }) => id === 'topic')!;
      const choice = offer.choices.find(({ option }) => option === '--replication-factor')!;
      expect(choice).toMatchObject({ values: factors, preset: factors[factors.length - 1] });
      does(session, lineOf(offer, {}));
      does(session, 'add broker');
    }
  });

  it('every choice of each can be typed, and no name is offered twice', () => {
    const session = opened();
    does(session, 'add kafka && add topic orders && add rabbitmq && add queue jobs');
    does(session, 'add exchange events');
    const ids = offersOf(stateOf(session)).map(({ id }) => id);
    for (const id of ids.filter((one) => one !== 'broker')) {
      const { choices } = offersOf(stateOf(session)).find((one) => one.id === id)!;
      for (const { option, values } of choices) {
        for (const value of values) {
          const offer = offersOf(stateOf(session)).find((one) => one.id === id)!;
          if (stateOf(session).clients.length >= 20) {
            for (const { name } of stateOf(session).clients) does(session, `remove ${name}`);
          }
          does(session, lineOf(offer, { [option]: value }));
        }
      }
    }
  });

  it('a value that is gone is the preset again', () => {
    const session = opened();
    does(session, 'add kafka --brokers 1');
    does(session, 'add topic orders');
    const offer = offersOf(stateOf(session)).find(({ id }) => id === 'producer')!;
    expect(lineOf(offer, { '--topic': 'gone', '--acks': '0' })).toBe(
      'add producer producer-1 --topic orders --acks 0 --rate 5/s --keys 4',
    );
  });

  it.each(startingPoints)('the starting point %s is accepted line by line', (point) => {
    const session = opened();
    for (const line of STARTING_POINTS[point]) does(session, line);
    session.type(1, 'run 5s');
    expect(session.run.world.failure).toBeNull();
  });
});
