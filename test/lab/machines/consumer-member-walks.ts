/**
 * A member of the consumer protocol (KIP-848), played through every path of its machine: what its
 * application does, and a coordinator whose answers are written by hand, since a real one gives
 * some of them in rare moments only.
 */
import { getShortestPaths } from 'xstate/graph';
import { networkOptionsOf } from '../../../engine/kafka/client/config.ts';
import {
  type ConsumerMemberStateEvent,
  consumerMemberMachine,
} from '../../../engine/kafka/client/consumer/group/membership.machine.ts';
import { ConsumerMembership } from '#engine/kafka/client/consumer/group/consumer-membership.ts';
import { CoordinatorLookup } from '#engine/kafka/client/consumer/group/coordinator-lookup.ts';
import { groupConsumerConfig } from '../../../engine/kafka/client/consumer/group/group-config.ts';
import { ClientMetadata } from '../../../engine/kafka/client/metadata.ts';
import { NetworkClient } from '../../../engine/kafka/network-client.ts';
import { newestProfile, profileOf } from '../../../engine/kafka/profiles.ts';
import type { Ports, Process } from '../../../engine/kernel/ports.ts';
import { World } from '../../../engine/sim/world.ts';
import { ErrorCode } from '../../../engine/wire/kafka/errors.ts';
import {
  consumerGroupHeartbeat,
  type ConsumerGroupHeartbeatResponse,
} from '../../../engine/wire/kafka/messages/consumer-group-heartbeat.ts';
import {
  findCoordinator,
  findCoordinatorResponse,
} from '../../../engine/wire/kafka/messages/find-coordinator.ts';
import { defaults } from '../../../engine/wire/kafka/schema.ts';
import { type Asked, ScriptedBroker } from '../../kafka/client/scripted-broker.ts';

type EventType = ConsumerMemberStateEvent['type'];

const BOOTSTRAP = [{ host: 'broker-1', port: 9092 }];
const HEARTBEAT_MS = 1_000;
const POLL_MS_MAX = 3_000;
const SETTINGS = {
  'group.id': 'g',
  'group.protocol': 'consumer',
  'max.poll.interval.ms': String(POLL_MS_MAX),
};

/** A membership and an application that polls when it is told to. */
class Application implements Process {
  readonly membership: ConsumerMembership;
  readonly #metadata: ClientMetadata;
  /** Whether it gives up and takes over what it is told to. */
  takesOver = false;

  constructor(ports: Ports) {
    const profile = profileOf(newestProfile);
    const config = groupConsumerConfig(profile, SETTINGS);
    const network = networkOptionsOf(config, ports.host);
    this.#metadata = new ClientMetadata(ports, new NetworkClient(ports, network), {
      bootstrap: BOOTSTRAP,
      maxAgeMs: config['metadata.max.age.ms'],
      retryBackoffMs: config['retry.backoff.ms'],
      retryBackoffMsMax: config['retry.backoff.max.ms'],
      allowAutoTopicCreation: false,
      leaderEpochs: true,
    });
    const owner = { changed: () => undefined, wakeAt: () => undefined, fatal: () => undefined };
    const of = { group: 'g', retryBackoffMs: config['retry.backoff.ms'] };
    const coordinator = new NetworkClient(ports, network);
    const lookup = new CoordinatorLookup(ports, coordinator, this.#metadata, of, owner);
    const delegate = {
      subscribedTopics: () => ['pay'],
      owned: () => [],
      takeOver: () => this.takesOver,
      loseAll: () => undefined,
    };
    this.membership = new ConsumerMembership(
      ...[ports, config, lookup, this.#metadata, delegate, owner],
    );
  }

  start(): void {
    this.#metadata.requestUpdate();
  }
}

/** Makes each event happen, and says when it does not lead where the machine says. */
class Player {
  readonly world = new World({ seed: 1, trace: true, paranoidWire: true, freeze: true });
  readonly #asked: Asked[] = [];

  constructor() {
    const cluster = { brokers: { 1: 'broker-1' }, topics: {} };
    const host = this.world.addHost('broker-1', (ports) => new ScriptedBroker(ports, cluster));
    this.world.addHost('member', (ports) => new Application(ports)).start();
    host.start();
    this.#until(() => host.process !== null);
    const { handlers } = host.process as ScriptedBroker;
    handlers.set(findCoordinator.key, ({ reply }) => {
      const found = { ...BOOTSTRAP[0]!, key: 'g', nodeId: 1, errorCode: 0, errorMessage: null };
      reply({ ...defaults(findCoordinatorResponse), coordinators: [found] });
    });
    handlers.set(consumerGroupHeartbeat.key, (asked) => {
      // Whoever leaves says so, and is not waited for.
      const { memberEpoch } = asked.request.body as { readonly memberEpoch: number };
      if (memberEpoch >= 0) this.#asked.push(asked);
    });
  }

  get #member(): Application {
    return this.world.hostNamed('member')!.process as Application;
  }

  get state(): string {
    return this.#member.membership.state;
  }

  play(event: EventType, to: string): void {
    const reply = (of: Partial<ConsumerGroupHeartbeatResponse>): void => this.#answer(of);
    if (event === 'JOIN') this.#command(({ membership }) => membership.poll());
    else if (event === 'GRANTED') reply({ assignment: { topicPartitions: [] } });
    else if (event === 'ACKNOWLEDGED') reply({});
    else if (event === 'FENCED') reply({ errorCode: ErrorCode.FENCED_MEMBER_EPOCH });
    else if (event === 'FAILED') reply({ errorCode: ErrorCode.GROUP_AUTHORIZATION_FAILED });
    else if (event === 'TAKEN_OVER') this.#takeOver();
    else if (event === 'LEAVE') this.#command(({ membership }) => membership.leave('it is done'));
    else this.#command(({ membership }) => membership.pollReturned());
    this.#until(() => this.state === to);
  }

  #takeOver(): void {
    this.#command((member) => {
      member.takesOver = true;
      member.membership.poll();
    });
  }

  /** Answers the heartbeat that is under way, or the next one. */
  #answer(of: Partial<ConsumerGroupHeartbeatResponse>): void {
    // A member that joins polls until its coordinator is known.
    for (let polls = 0; this.#asked.length === 0 && polls < 20; polls++) {
      this.#command(({ membership }) => {
        if (membership.state === 'JOINING') membership.poll();
      });
      this.#pass(200);
    }
    const { reply } = this.#asked.shift()!;
    const body = { memberEpoch: 1, heartbeatIntervalMs: HEARTBEAT_MS, assignment: null };
    reply({ ...defaults(consumerGroupHeartbeat.response), ...body, ...of });
  }

  #command(act: (member: Application) => void): void {
    this.world.command('member', 'act', () => act(this.#member));
    this.#pass(1);
  }

  #pass(millis: number): void {
    this.world.run(() => false, { micros: millis * 1_000 });
    if (this.world.failure !== null) throw this.world.failure.error;
  }

  #until(condition: () => boolean): void {
    const end = this.world.run(condition, { micros: 2 * POLL_MS_MAX * 1_000 });
    if (this.world.failure !== null) throw this.world.failure.error;
    if (end !== 'done') throw new Error(`it did not come about (${end})`);
  }
}

interface Step {
  readonly event: EventType;
  readonly to: string;
}

/** Each state by its shortest path, and then each event that it names. */
function walks(): readonly (readonly Step[])[] {
  const walks: Step[][] = [];
  for (const { state, steps } of getShortestPaths(consumerMemberMachine)) {
    const path = steps.slice(1).map(({ event, state: after }) => {
      return { event: event.type as EventType, to: String(after.value) };
    });
    const from = consumerMemberMachine.states[state.value as 'STABLE']!;
    for (const [event, [transition]] of from.transitions) {
      walks.push([...path, { event: event as EventType, to: transition!.target![0]!.key }]);
    }
  }
  return walks;
}

function played(walk: readonly Step[]): World {
  const player = new Player();
  for (const { event, to } of walk) player.play(event, to);
  return player.world;
}

export const consumerMemberScenes = walks().map((walk) => () => played(walk));
