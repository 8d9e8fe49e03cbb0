/** Whole nodes: what their clients are told of metadata, and what they are told of clients. */
import { describe, expect, test } from 'vitest';
import { khepri } from '../../../engine/rabbitmq/metadata/khepri/khepri-metadata.ts';
import { metadataStoreOf } from '../../../engine/rabbitmq/metadata/metadata-store.ts';
import { profileOf } from '../../../engine/rabbitmq/profiles.ts';
import { inject } from '../../../engine/sim/faults.ts';
import { MEMBERS, RabbitCluster } from '../cluster/rabbit-cluster.ts';
import { Rig } from '../connection/rig.ts';

const [R1, R2, R3] = MEMBERS;

describe('rabbitmq: metadata: a cluster of nodes', () => {
  test('rabbitmq: metadata: Khepri is the store of a release since 4.2', () => {
    const names = (['4.1', '4.2', '4.3'] as const).map(
      (release) => metadataStoreOf(profileOf(`rabbitmq-${release}`)).name,
    );
    expect(names).toEqual(['mnesia', 'khepri', 'khepri']);
  });

  test('rabbitmq: metadata: with Khepri a minority is told 541, and has the queue later', () => {
    const cluster = new RabbitCluster({ metadataStore: khepri }, 'rabbitmq-4.2');
    expect(cluster.states).toEqual(['running', 'running', 'running']);
    expect(cluster.channel(R2).declare('q').after(1)[0]).toContain('"queue":"q"');
    cluster.inject({ fault: 'partition', groups: [[R1], [R2, R3]] });
    cluster.advance(20);
    const minority = cluster.channel(R1).declare('late');
    expect(minority.after(29)).toEqual([]);
    expect(minority.after(2)).toEqual([
      "declare: 541 Could not declare queue 'late' in vhost '/' on node 'rabbit@rabbit-1' " +
        'because the metadata store operation timed out',
    ]);
    expect(cluster.channel(R3).declare('other').after(1)[0]).toContain('"queue":"other"');
    cluster.inject({ fault: 'heal' });
    cluster.advance(30);
    for (const name of MEMBERS) {
      expect([...cluster.node(name).vhosts.get('/')!.queues.keys()]).toContain('other');
    }
  });
});

describe('rabbitmq: metadata: administration of a node', () => {
  function administered(): { rig: Rig; ask: (run: Parameters<typeof administer>[1]) => string } {
    const rig = new Rig();
    return { rig, ask: (run) => administer(rig, run) };
  }

  function administer(
    rig: Rig,
    run: (of: Rig['broker']['administration'], done: (problem: string | null) => void) => void,
  ): string {
    let answer = 'no answer';
    rig.world.command('rabbit', 'rabbitmqctl', () =>
      run(rig.broker.administration, (problem) => (answer = problem ?? 'ok')),
    );
    rig.sleep(50);
    return answer;
  }

  test('rabbitmq: metadata: users and virtual hosts, and what is wrong with some', () => {
    const { rig, ask } = administered();
    const everything = { configure: '.*', write: '.*', read: '.*' };
    expect(ask((of, done) => of.addUser('ann', 'secret', ['monitoring'], done))).toBe('ok');
    expect(ask((of, done) => of.addUser('ann', 'x', [], done))).toBe('User "ann" already exists');
    expect(ask((of, done) => of.addVhost('v', {}, done))).toBe('ok');
    expect(ask((of, done) => of.addVhost('', {}, done))).toContain('empty string');
    expect(ask((of, done) => of.setPermissions('ann', 'v', everything, done))).toBe('ok');
    expect(ask((of, done) => of.setPermissions('ann', 'w', everything, done))).toBe(
      "Virtual host 'w' does not exist",
    );
    const { users } = rig.broker;
    const may = () => [users.mayLogIn('ann', 'secret'), users.mayEnter('ann', 'v')];
    expect([...may(), users.hasTag('ann', 'monitoring')]).toEqual([true, true, true]);
    expect(ask((of, done) => of.changePassword('ann', 'other', done))).toBe('ok');
    expect(ask((of, done) => of.setUserTags('ann', [], done))).toBe('ok');
    expect([...may(), users.hasTag('ann', 'monitoring')]).toEqual([false, true, false]);
    expect(ask((of, done) => of.deleteVhost('v', done))).toBe('ok');
    expect(ask((of, done) => of.deleteVhost('v', done))).toBe("Virtual host 'v' does not exist");
    expect(users.mayEnter('ann', 'v')).toBe(false);
    expect(ask((of, done) => of.deleteUser('ann', done))).toBe('ok');
    expect(ask((of, done) => of.deleteUser('ann', done))).toBe('User "ann" does not exist');
    expect(ask((of, done) => of.clearPolicy('/', 'p', 'user', done))).toBe(
      'Parameter does not exist',
    );
    expect(ask((of, done) => of.setClusterName('lab', done))).toBe('ok');
  });

  test('rabbitmq: metadata: connections end with their virtual host', () => {
    const { rig, ask } = administered();
    rig.open();
    expect(ask((of, done) => of.deleteVhost('/', done))).toBe('ok');
    expect(rig.heard()).toEqual(['connection.close 320 CONNECTION_FORCED 0.0']);
    expect(rig.broker.vhosts.size).toBe(0);
  });

  test.each([
    ['disc', ['kept']],
    ['ram', []],
  ] as const)('rabbitmq: metadata: a %s node lost its power, and has %j', (nodeType, queues) => {
    const rig = new Rig(1, { nodeType });
    rig.open();
    const declared = rig.call(1, 'queue.declare', { queue: 'kept', durable: true });
    expect(declared).toEqual(['queue.declare-ok']);
    inject(rig.world, { fault: 'power', host: 'rabbit' });
    inject(rig.world, { fault: 'start', host: 'rabbit' });
    rig.sleep(100);
    expect([...rig.vhost.queues.keys()]).toEqual(queues);
  });
});
