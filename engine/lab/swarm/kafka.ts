/**
 * Kafka as a swarm sees it: its experiment, its planner, its verdict, its machines.
 */
import { brokerRegistrationMachine } from '../../kafka/controller/broker-registration.machine.ts';
import { lifecycleMachine } from '../../kafka/broker/lifecycle.machine.ts';
import { connectionMachine } from '../../kafka/client/connection.machine.ts';
import { fetchStateMachine } from '../../kafka/client/consumer/fetch-state.machine.ts';
import { consumerMemberMachine } from '../../kafka/client/consumer/group/membership.machine.ts';
import { memberStateMachine } from '../../kafka/client/consumer/group/member-state.machine.ts';
import { producerMachine } from '../../kafka/client/producer/producer.machine.ts';
import { transactionalMachine } from '../../kafka/client/producer/transactional.machine.ts';
import { controllerMachine } from '../../kafka/controller/controller.machine.ts';
import { coordinatorMachine } from '../../kafka/coordinator/coordinator.machine.ts';
import { classicGroupMachine } from '../../kafka/group/classic-group.machine.ts';
import { transactionMachine } from '../../kafka/transaction/transaction.machine.ts';
import { quorumControllerMachine } from '../../kafka/raft/quorum-controller.machine.ts';
import { raftMachine } from '../../consensus/raft.machine.ts';
import { isrMachine } from '../../kafka/partition/isr.machine.ts';
import { replicaMachine } from '../../kafka/partition/replica.machine.ts';
import { kafkaFaults } from './kafka-faults.ts';
import { drawKafka, shapeOf } from './kafka-plan.ts';
import kafkaSwarm, { quirkNames } from './kafka-swarm.ts';
import { judgeKafka } from './kafka-verdict.ts';
import { inputsAmong, type Plan, type SwarmSystem } from './plan.ts';

export const kafkaSystem: SwarmSystem = {
  name: 'kafka',
  experiment: kafkaSwarm,
  faults: kafkaFaults,
  machines: [
    brokerRegistrationMachine,
    lifecycleMachine,
    connectionMachine,
    fetchStateMachine,
    producerMachine,
    controllerMachine,
    quorumControllerMachine,
    raftMachine,
    isrMachine,
    replicaMachine,
    coordinatorMachine,
    classicGroupMachine,
    memberStateMachine,
    consumerMemberMachine,
    transactionMachine,
    transactionalMachine,
  ],
  quirks: quirkNames,
  draw: drawKafka,
  promiseOf: ({ knobs }) => (knobs['promise'] === 'beyond' ? 'beyond' : 'within'),
  judge: judgeKafka,
  shrinkable: [
    { knob: 'partitions', min: 1 },
    { knob: 'producers', min: 1 },
    { knob: 'consumers', min: 0 },
    { knob: 'brokers', min: 3 },
    { knob: 'controllers', min: 1 },
    { knob: 'chaos.events', min: 50 },
    { knob: 'records', min: 1 },
    { knob: 'members', min: 0 },
    { knob: 'transactional', min: 0 },
    { knob: 'moves', min: 0 },
  ],
  fit: fitKafka,
};

/** Leaves out what would strike after the chaos or at a host that there is none of. */
function fitKafka(plan: Plan): Plan {
  const { brokers, controllers, clients, to } = shapeOf(plan.knobs);
  const hosts = new Set([...controllers, ...brokers, ...clients]);
  const inputs = inputsAmong(plan, hosts, to);
  const replicas = Number(plan.knobs['replication.factor'] ?? '3');
  const fewer = replicas > brokers.length ? String(brokers.length) : null;
  const knobs = fewer === null ? plan.knobs : { ...plan.knobs, 'replication.factor': fewer };
  return { ...plan, knobs, inputs };
}
