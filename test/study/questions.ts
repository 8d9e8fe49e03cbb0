/**
 * Two questions to learn from, small enough to be read.
 */
import type { StudyQuestion } from '#web/study/cards.ts';

export const ACKS: StudyQuestion = {
  slug: 'acks',
  track: 'kafka',
  question: 'When is a record safe?',
  level: 'middle',
  frequency: 5,
  answer: 'When every in-sync replica has it and there are enough of them.',
  redFlags: ['Retries guarantee that nothing is lost.', 'Followers answer the producer.'],
  claims: [
    {
      id: 'acks-1',
      statement: 'acks=all waits for every replica',
      verdict: 'wrong',
      correction: 'It waits for the replicas in sync.',
    },
    { id: 'acks-2', statement: 'acks=0 loses records without a sign', verdict: 'holds' },
    {
      id: 'acks-3',
      statement: 'Retries of the producer prevent every loss',
      verdict: 'oversimplified',
      correction: 'Retries end with the delivery timeout.',
    },
  ],
  quiz: {
    question: 'Which setting "waits" <longest>?',
    options: [
      { text: 'acks=0', reason: 'It waits for nothing.' },
      { text: 'acks=all', right: true, reason: 'For the replicas in sync.' },
      { text: 'acks=1', reason: 'For the leader\tonly.' },
    ],
  },
  followUps: [
    { question: 'What does linger do?', answer: 'It gathers a batch.' },
    {
      question: 'How long does a producer repeat its retries?',
      answer: 'Until the delivery timeout.',
    },
  ],
};

export const QUEUES: StudyQuestion = {
  ...ACKS,
  slug: 'queues',
  track: 'rabbitmq',
  question: 'What is a quorum queue?',
  frequency: 2,
  claims: [{ id: 'queues-1', statement: 'A quorum queue is replicated', verdict: 'holds' }],
  followUps: [{ question: 'By which algorithm?', answer: 'Raft.' }],
};
