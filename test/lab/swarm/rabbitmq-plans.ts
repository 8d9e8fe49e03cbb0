/**
 * Plans of RabbitMQ's swarm that found something once, and what. A plan stands here whole: what a
 * seed draws changes with its planner.
 */
import type { Plan } from '../../../engine/lab/swarm/plan.ts';

interface OnceFailed {
  readonly what: string;
  readonly plan: Plan;
}

export const onceFailed: readonly OnceFailed[] = [
  {
    what: 'a node that is asked to stop twice goes down once',
    plan: {
      experiment: 'rabbitmq-swarm',
      knobs: {
        profile: 'rabbitmq-3.12',
        exchange: 'headers',
        queues: '2',
        mode: 'tx',
        outstanding: '10',
        publishers: '2',
        consumers: '3',
        messages: '8',
        'chaos.events': '400',
        prefetch: '1',
        'processing.ms': '1',
        rejects: '1',
        'message-ttl': '20',
        expiration: '10',
        overflow: 'reject-publish',
        'max-priority': '1',
        'dead-letter': 'cycle',
      },
      seed: 279,
      inputs: [
        { event: 635, fault: { fault: 'stop', host: 'consumer-3' } },
        { event: 640, fault: { fault: 'start', host: 'consumer-3' } },
        { event: 648, fault: { fault: 'stop', host: 'rabbit-1' } },
        {
          event: 661,
          fault: {
            fault: 'delay',
            from: 'rabbit-1',
            to: 'publisher-2',
            minMicros: 30331,
            jitterMicros: 300000,
          },
        },
        { event: 663, fault: { fault: 'stop', host: 'rabbit-1' } },
        {
          event: 667,
          fault: {
            fault: 'delay',
            from: 'rabbit-1',
            to: 'publisher-2',
            minMicros: 250,
            jitterMicros: 100,
          },
        },
        { event: 683, fault: { fault: 'reset', from: 'publisher-1', to: 'rabbit-1', bytes: 9 } },
        { event: 684, fault: { fault: 'start', host: 'rabbit-1' } },
        { event: 705, fault: { fault: 'start', host: 'rabbit-1' } },
        { event: 738, fault: { fault: 'crash', host: 'publisher-1' } },
        {
          event: 740,
          fault: {
            fault: 'delay',
            from: 'rabbit-1',
            to: 'publisher-1',
            minMicros: 353093,
            jitterMicros: 300000,
          },
        },
        {
          event: 744,
          fault: {
            fault: 'delay',
            from: 'rabbit-1',
            to: 'publisher-1',
            minMicros: 250,
            jitterMicros: 100,
          },
        },
        { event: 797, fault: { fault: 'clog', from: 'rabbit-1', to: 'publisher-2' } },
        {
          event: 832,
          fault: {
            fault: 'delay',
            from: 'rabbit-1',
            to: 'publisher-1',
            minMicros: 307179,
            jitterMicros: 300000,
          },
        },
        { event: 911, fault: { fault: 'heal' } },
        { event: 933, fault: { fault: 'drift', host: 'rabbit-1', ppm: 76406 } },
        { event: 935, fault: { fault: 'drift', host: 'rabbit-1', ppm: 0 } },
        {
          event: 988,
          fault: {
            fault: 'delay',
            from: 'rabbit-1',
            to: 'publisher-1',
            minMicros: 250,
            jitterMicros: 100,
          },
        },
        { event: 999, fault: { fault: 'start', host: 'publisher-1' } },
      ],
    },
  },
  {
    what: 'what is sent to a socket that broke unheard is held all the same (R14)',
    plan: {
      experiment: 'rabbitmq-swarm',
      knobs: {
        profile: 'rabbitmq-4.0',
        persistent: 'false',
        outstanding: '10',
        mandatory: 'true',
        messages: '80',
        'chaos.events': '800',
        prefetch: '10',
        requeues: '4',
        overflow: 'reject-publish-dlx',
      },
      seed: 1822,
      inputs: [
        { event: 682, fault: { fault: 'crash', host: 'consumer-1' } },
        { event: 712, fault: { fault: 'start', host: 'consumer-1' } },
        { event: 779, fault: { fault: 'drift', host: 'publisher-1', ppm: 71841 } },
        { event: 783, fault: { fault: 'drift', host: 'publisher-1', ppm: 0 } },
        { event: 870, fault: { fault: 'cut', from: 'rabbit-1', to: 'consumer-1' } },
        { event: 912, fault: { fault: 'heal' } },
        { event: 1202, fault: { fault: 'crash', host: 'consumer-1' } },
        { event: 1399, fault: { fault: 'start', host: 'consumer-1' } },
      ],
    },
  },
  {
    what: 'a client that ends while all are settled does not come back',
    plan: {
      experiment: 'rabbitmq-swarm',
      knobs: {
        profile: 'rabbitmq-3.10',
        persistent: 'false',
        mode: 'none',
        outstanding: '10',
        mandatory: 'true',
        consumers: '0',
        messages: '80',
        'chaos.events': '400',
        prefetch: '10',
        'processing.ms': '1',
        'message-ttl': '20',
        expiration: '500',
        overflow: 'reject-publish',
        'max-priority': '1',
        'single-active-consumer': 'true',
      },
      seed: 582,
      inputs: [
        { event: 616, fault: { fault: 'cut', from: 'publisher-1', to: 'rabbit-1' } },
        { event: 624, fault: { fault: 'heal' } },
        {
          event: 652,
          fault: {
            fault: 'loss',
            from: 'rabbit-1',
            to: 'publisher-1',
            ratio: { numerator: 2, denominator: 10 },
          },
        },
        {
          event: 661,
          fault: {
            fault: 'loss',
            from: 'rabbit-1',
            to: 'publisher-1',
            ratio: { numerator: 0, denominator: 1 },
          },
        },
        { event: 677, fault: { fault: 'reset', from: 'publisher-1', to: 'rabbit-1', bytes: 263 } },
        { event: 731, fault: { fault: 'stop', host: 'rabbit-1' } },
        { event: 749, fault: { fault: 'start', host: 'rabbit-1' } },
        {
          event: 894,
          fault: {
            fault: 'loss',
            from: 'publisher-1',
            to: 'rabbit-1',
            ratio: { numerator: 1, denominator: 10 },
          },
        },
        {
          event: 918,
          fault: {
            fault: 'loss',
            from: 'publisher-1',
            to: 'rabbit-1',
            ratio: { numerator: 0, denominator: 1 },
          },
        },
        { event: 965, fault: { fault: 'cut', from: 'publisher-1', to: 'rabbit-1' } },
        { event: 993, fault: { fault: 'stop', host: 'publisher-1' } },
        { event: 997, fault: { fault: 'start', host: 'publisher-1' } },
        { event: 999, fault: { fault: 'heal' } },
      ],
    },
  },
  {
    what: 'a node that crashed and is back at once is asked anew whose processes it has',
    plan: {
      experiment: 'rabbitmq-swarm',
      knobs: {
        profile: 'rabbitmq-3.13',
        nodes: '3',
        'queue.type': 'quorum',
        'ha-sync-mode': 'automatic',
        'partition.handling': 'pause_minority',
        'delivery-limit': '1',
        exchange: 'headers',
        queues: '2',
        batches: 'true',
        publishers: '2',
        consumers: '3',
        messages: '8',
        'chaos.events': '200',
        requeues: '4',
        rejects: '3',
        'message-ttl': '20',
        'dead-letter': 'cycle',
      },
      seed: 34,
      inputs: [
        { event: 1118, fault: { fault: 'crash', host: 'rabbit-3' } },
        { event: 1199, fault: { fault: 'start', host: 'rabbit-3' } },
      ],
    },
  },
];
