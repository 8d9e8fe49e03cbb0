/**
 * The settings that a consumer has as a member of a group, with their real names; the others are
 * those of every consumer (`client/config.ts`).
 *
 * Defaults that changed: `session.timeout.ms` was 10 s before Kafka 3.0 (KIP-735), and
 * `partition.assignment.strategy` was `range` alone (KIP-726).
 */
import { assert } from '../../../../kernel/assert.ts';
import { type ConfigOf, ConfigError, int, readConfig, string } from '../../../config.ts';
import { compareReleases } from '../../../../kernel/releases.ts';
import type { Profile } from '../../../profiles.ts';
import { type ConsumerConfig, consumerConfig } from '../../config.ts';
import type { PartitionAssignor } from '../assignor/partition-assignor.ts';
import { rangeAssignor } from '../assignor/range-assignor.ts';
import { roundRobinAssignor } from '../assignor/round-robin-assignor.ts';
import { cooperativeStickyAssignor, stickyAssignor } from '../assignor/sticky-assignor.ts';

const FROM_1 = { min: 1 };

/** Empty defaults are the release's. */
const groupSettings = {
  'group.instance.id': string('', 'The name of a static member; empty: a dynamic one (KIP-345).'),
  'session.timeout.ms': int(45_000, 'When a member without heartbeats counts as dead.', FROM_1),
  'heartbeat.interval.ms': int(3_000, 'How often a member says that it lives.', FROM_1),
  'max.poll.interval.ms': int(
    300_000,
    'How long the application may take between two polls before the member leaves.',
    FROM_1,
  ),
  'group.protocol': string('classic', 'How members and coordinator share out (KIP-848).', [
    'classic',
    'consumer',
  ]),
  'group.remote.assignor': string('', 'With group.protocol=consumer: the assignor to ask for.'),
  'partition.assignment.strategy': string('', 'Assignors by name, the preferred one first.'),
} as const;

export type GroupConsumerConfig = ConsumerConfig & ConfigOf<typeof groupSettings>;

const ASSIGNORS: Readonly<Record<string, () => PartitionAssignor>> = {
  range: rangeAssignor,
  roundrobin: roundRobinAssignor,
  sticky: stickyAssignor,
  'cooperative-sticky': cooperativeStickyAssignor,
};

/** The settings of a member. Throws `ConfigError`. */
export function groupConsumerConfig(
  profile: Profile,
  given: Readonly<Record<string, string>>,
): GroupConsumerConfig {
  const old = compareReleases(profile.release, '3.0') < 0;
  const ours: Record<string, string> = {
    'session.timeout.ms': old ? '10000' : '45000',
    'partition.assignment.strategy': old ? 'range' : 'range,cooperative-sticky',
  };
  const others: Record<string, string> = {};
  for (const [name, text] of Object.entries(given)) {
    if (name in groupSettings) ours[name] = text;
    else others[name] = text;
  }
  const group = readConfig(groupSettings, ours, profile);
  if (group['group.protocol'] === 'consumer') checkConsumerProtocol(given);
  const beatMs = group['heartbeat.interval.ms'];
  if (beatMs >= group['session.timeout.ms']) {
    throw new ConfigError('heartbeat.interval.ms', String(beatMs), 'below session.timeout.ms');
  }
  assignorsOf(group['partition.assignment.strategy']);
  return { ...consumerConfig(profile, others), ...group };
}

/** The name of a static member; null for a dynamic one. */
export function instanceIdOf(config: GroupConsumerConfig): string | null {
  const name = config['group.instance.id'];
  return name === '' ? null : name;
}

/** What the coordinator decides cannot be set. Source: `ConsumerConfig`, KIP-848. */
function checkConsumerProtocol(given: Readonly<Record<string, string>>): void {
  const decided = ['session.timeout.ms', 'heartbeat.interval.ms', 'partition.assignment.strategy'];
  for (const name of decided) {
    if (given[name] === undefined) continue;
    throw new ConfigError(name, given[name], 'not set with group.protocol=consumer');
  }
}

/** The assignors of a member, new ones. Throws `ConfigError` for a name that is none. */
export function assignorsOf(strategy: string): readonly PartitionAssignor[] {
  const names = strategy.split(',').map((name) => name.trim());
  const allowed = `assignors among ${Object.keys(ASSIGNORS).join(', ')}`;
  return names.map((name) => {
    const make = ASSIGNORS[name];
    if (make === undefined) {
      throw new ConfigError('partition.assignment.strategy', strategy, allowed);
    }
    const assignor = make();
    assert(assignor.name === name, 'an assignor by its name', { name, is: assignor.name });
    return assignor;
  });
}
