/**
 * RabbitMQ as a swarm sees it: its experiment, its planner, its verdict, its machines.
 */
import { channelMachine } from '../../rabbitmq/channel/channel.machine.ts';
import { connectionMachine } from '../../rabbitmq/connection/connection.machine.ts';
import { drawRabbit, rabbitFaults, rabbitShape } from './rabbitmq-plan.ts';
import { rabbitQuirkNames } from './rabbitmq-knobs.ts';
import rabbitSwarm from './rabbitmq-swarm.ts';
import { judgeRabbit } from './rabbitmq-verdict.ts';
import { inputsAmong, type Plan, type SwarmSystem } from './plan.ts';

export const rabbitSystem: SwarmSystem = {
  name: 'rabbitmq',
  experiment: rabbitSwarm,
  faults: rabbitFaults,
  machines: [connectionMachine, channelMachine],
  quirks: rabbitQuirkNames,
  draw: drawRabbit,
  promiseOf: ({ knobs }) => (knobs['promise'] === 'beyond' ? 'beyond' : 'within'),
  judge: judgeRabbit,
  shrinkable: [
    { knob: 'queues', min: 1 },
    { knob: 'publishers', min: 1 },
    { knob: 'consumers', min: 0 },
    { knob: 'chaos.events', min: 50 },
    { knob: 'messages', min: 1 },
    { knob: 'requeues', min: 0 },
    { knob: 'rejects', min: 0 },
  ],
  fit: fitRabbit,
};

/** Leaves out what would strike after the chaos or at a host that there is none of. */
function fitRabbit(plan: Plan): Plan {
  const { nodes, clients, to } = rabbitShape(plan.knobs);
  const hosts = new Set([...nodes, ...clients]);
  return { ...plan, inputs: inputsAmong(plan, hosts, to) };
}
