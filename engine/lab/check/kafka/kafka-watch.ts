/**
 * Looks at a Kafka cluster once after each event: at the replicas of the broker that handled it, or
 * at the controller's image, or at the brokers' lives when something was done to the world. What it
 * finds waits here for the invariants that ask.
 *
 * An event costs what it changed: of a replica that did not change, a few numbers are compared.
 * Not here: the checks themselves (beside it), their registration (`check/kafka.ts`).
 */
import { Broker } from '../../../kafka/broker.ts';
import type { Controller } from '../../../kafka/controller/controller.ts';
import { type MetadataImage, emptyImage } from '../../../kafka/metadata/image.ts';
import type { Partition } from '../../../kafka/partition/partition.ts';
import type { SimHost } from '../../../sim/host.ts';
import type { Lab } from '../../experiment.ts';
import type { Acknowledged, KafkaCluster } from '../../kafka.ts';
import { ConsumedLedger } from './consumed-ledger.ts';
import { checkNewRegistration } from './isr-checks.ts';
import { checkLog, checkRecovery } from './log-checks.ts';
import { type Findings, PartitionWatch } from './partition-watch.ts';
import type { Beyond } from './promise.ts';
import { ReplicaLedger } from './replica-ledger.ts';
import { checkAcknowledged, checkRegistration, checkReplication } from './replication-checks.ts';
import { WireChecks } from './wire-checks.ts';

export class KafkaWatch {
  readonly beyond: Beyond[] = [];
  readonly #lab: Lab;
  readonly #cluster: KafkaCluster;
  readonly #topics = new Map<string, PartitionWatch[]>();
  readonly #topicIds = new Map<string, PartitionWatch[]>();
  /** By host: how many replicas it had. */
  readonly #replicas = new Map<string, number>();
  readonly #nodeIds = new Map<string, number>();
  readonly #hosts = new Map<string, SimHost>();
  readonly #wire: WireChecks;
  readonly #consumed: ConsumedLedger;
  /** The first finding of each invariant in the event that was looked at last. */
  readonly #found = new Map<string, string>();
  readonly #findings: Findings;
  readonly #acknowledged: Acknowledged[] = [];
  #image: MetadataImage = emptyImage;
  #event = -1;
  #wasOff = new Set<string>();

  constructor(lab: Lab, cluster: KafkaCluster) {
    this.#lab = lab;
    this.#cluster = cluster;
    this.#consumed = new ConsumedLedger(lab.history);
    this.#findings = {
      get event() {
        return lab.event;
      },
      violation: (invariant, what) => {
        if (!this.#found.has(invariant)) this.#found.set(invariant, what);
      },
      beyond: (beyond) => this.beyond.push(beyond),
    };
    this.#wire = new WireChecks({
      partition: (topic, topicId, index) => this.#partition(topic, topicId, index),
      nodeIdOf: (host) => this.#nodeIds.get(host),
      violated: (invariant, what) => this.#findings.violation(invariant, what),
    });
    cluster.whenAcknowledged((acknowledged) => {
      if (acknowledged.byAll) this.#acknowledged.push(acknowledged);
    });
  }

  /** What is wrong by this invariant after the present event, or null. */
  finding(invariant: string, host: string | null): string | null {
    const { event } = this.#lab;
    if (event !== this.#event || host === null) this.#look(event, host);
    return this.#found.size === 0 ? null : (this.#found.get(invariant) ?? null);
  }

  #look(event: number, name: string | null): void {
    // brokers may have joined
    if (this.#nodeIds.size < this.#cluster.nodeIds.length) this.#begin();
    if (event !== this.#event) this.#found.clear();
    this.#event = event;
    if (name === null) this.#lookAtLives();
    else this.#lookAtHost(this.#hosts.get(name) ?? this.#know(name));
    this.#wire.checkAcknowledgements();
    if (this.#acknowledged.length > 0) this.#takeAcknowledged();
    this.#consumed.check((partition) => this.#named(partition));
  }

  #begin(): void {
    const { nodeIds } = this.#cluster;
    for (const nodeId of nodeIds) this.#nodeIds.set(this.#cluster.brokerName(nodeId), nodeId);
    const host = this.#know(this.#cluster.brokerName(nodeIds[0]!));
    host.world.network.watcher = (endpoint, message) => this.#wire.sent(endpoint, message);
  }

  #know(name: string): SimHost {
    const host = this.#lab.host(name);
    this.#hosts.set(name, host);
    return host;
  }

  #lookAtHost(host: SimHost): void {
    const { process } = host;
    if (process instanceof Broker) {
      this.#wasOff.delete(host.name);
      let count = 0;
      for (const partition of process.partitions) {
        count++;
        this.#lookAtReplica(host, partition);
      }
      const before = this.#replicas.get(host.name) ?? 0;
      if (count === before) return;
      this.#replicas.set(host.name, count);
      if (count < before) this.#forgetDeleted(host.name, process);
    } else if (this.#cluster.controllerNames.includes(host.name)) {
      this.#lookAtImage((process as Controller | null)?.image ?? emptyImage);
    }
  }

  // ----------------------------------------------------------------------------------- replicas

  /** A replica that a broker was told to delete: another one in its place begins anew. */
  #forgetDeleted(host: string, { partitions }: Broker): void {
    const nodeId = this.#nodeIds.get(host)!;
    const there = new Set(partitions);
    for (const watch of [...this.#topicIds.values()].flat()) {
      const ledger = watch.replicas.get(nodeId);
      // A broker that stops has none of its replicas any more, and yet they are there.
      if (ledger === undefined || watch.registration?.replicas.includes(nodeId) === true) continue;
      if (!there.has(ledger.partition)) watch.replicas.delete(nodeId);
    }
  }

  #lookAtReplica(host: SimHost, partition: Partition): void {
    const watch = this.#watchOf(partition);
    const nodeId = this.#nodeIds.get(host.name)!;
    const known = watch.replicas.get(nodeId);
    if (known?.partition === partition) {
      if (!known.changed) return;
      this.#check(watch, known, null, false);
      return;
    }
    const { name, incarnation } = host;
    const ledger = new ReplicaLedger({ host: name, nodeId, incarnation }, host.disk, partition);
    watch.replicas.set(nodeId, ledger);
    const isRestart = known !== undefined && known.incarnation !== incarnation;
    this.#check(watch, ledger, isRestart ? known : null, true);
  }

  #check(
    watch: PartitionWatch,
    ledger: ReplicaLedger,
    old: ReplicaLedger | null,
    isFirst: boolean,
  ): void {
    const { config } = ledger.partition.log;
    const minIsr = config['min.insync.replicas'];
    watch.promise.minInsyncReplicas = ledger.leads ? ledger.partition.effectiveMinIsr : minIsr;
    const look = ledger.look();
    checkLog(watch, ledger, look);
    const isTrusted = this.#lab.host(ledger.host).disk.trusted;
    if (old !== null && isTrusted) checkRecovery(watch, ledger, old);
    checkReplication(watch, ledger, look, isFirst);
  }

  #watchOf(partition: Partition): PartitionWatch {
    const known = this.#topicIds.get(partition.topicId)?.[partition.index];
    if (known !== undefined) return known;
    const { highWatermarkNeedsMinIsr } = this.#cluster.profile.switches;
    const watch = new PartitionWatch(partition, this.#findings, highWatermarkNeedsMinIsr);
    placeIn(this.#topicIds, partition.topicId, watch);
    placeIn(this.#topics, partition.topic, watch);
    const topic = this.#image.topics.get(partition.topic);
    watch.registration = topic?.partitions[partition.index] ?? null;
    return watch;
  }

  #partition(topic: string, topicId: string, index: number): PartitionWatch | undefined {
    return (this.#topicIds.get(topicId) ?? this.#topics.get(topic))?.[index];
  }

  #named(name: string): PartitionWatch | undefined {
    const dash = name.lastIndexOf('-');
    return this.#topics.get(name.slice(0, dash))?.[Number(name.slice(dash + 1))];
  }

  #takeAcknowledged(): void {
    for (const { topic, partition, offset } of this.#acknowledged.splice(0)) {
      const watch = this.#topics.get(topic)?.[partition];
      if (watch === undefined) continue;
      watch.acknowledged.add(offset, this.#event);
      const { held } = watch.trueHighWatermark;
      if (offset >= held) {
        const what = `offset ${offset} was acknowledged, ${held} is held by all in sync`;
        watch.broken('K4', offset, what, this.#event);
      }
      if (watch.leader !== null) checkAcknowledged(watch, watch.leader);
    }
  }

  // --------------------------------------------------------------------- the controller, the world

  #lookAtImage(image: MetadataImage): void {
    const before = this.#image;
    if (image.offset <= before.offset) return;
    this.#image = image;
    if (image.topics === before.topics) return;
    for (const [name, topic] of image.topics) {
      const old = before.topics.get(name);
      if (topic === old) continue;
      const watches = this.#topicIds.get(topic.id);
      for (const [index, registration] of topic.partitions.entries()) {
        const watch = watches?.[index];
        // Each controller of a quorum has an image of its own: the epoch tells what is new.
        if (watch?.registration?.partitionEpoch === registration.partitionEpoch) continue;
        if (watch === undefined) continue;
        checkNewRegistration(watch, registration, image, this.#wire);
        checkRegistration(watch);
      }
    }
  }

  /** A fault was injected: who is without power now, and what had it not synced? */
  #lookAtLives(): void {
    for (const [name, nodeId] of this.#nodeIds) {
      const host = this.#hosts.get(name) ?? this.#know(name);
      if (host.state !== 'off') this.#wasOff.delete(name);
      if (host.state !== 'off' || this.#wasOff.has(name)) continue;
      this.#wasOff.add(name);
      for (const watches of this.#topicIds.values()) {
        for (const watch of watches) this.#lostPower(watch, nodeId, host.disk.trusted);
      }
    }
  }

  #lostPower(watch: PartitionWatch | undefined, nodeId: number, trusted: boolean): void {
    const ledger = watch?.replicas.get(nodeId);
    if (watch === undefined || ledger === undefined) return;
    const synced = trusted ? ledger.synced : 0;
    if (synced >= ledger.end) return;
    watch.promise.lossyShutdown(nodeId, this.#event, synced);
    if (this.#cluster.profile.switches.eligibleLeaderReplicas) return;
    const isr = watch.registration?.isr ?? [];
    const isOff = (id: number) => this.#wasOff.has(this.#cluster.brokerName(id));
    if (!isr.includes(nodeId) || !isr.every(isOff)) return;
    watch.promise.lastStanding = { event: this.#event, synced };
  }
}

function placeIn(topics: Map<string, PartitionWatch[]>, name: string, watch: PartitionWatch): void {
  const watches = topics.get(name) ?? [];
  topics.set(name, watches);
  watches[watch.index] = watch;
}
