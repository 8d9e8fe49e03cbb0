/**
 * The drill: a queue whose rejected and expired messages vanish. Give them a place, and show that
 * both kinds arrive there. Not here: the experiment of the lesson.
 */
import { drill } from '#engine/lab/drill.ts';
import { goneFrom, readyIn } from '#engine/lab/rabbitmq-state.ts';
import { drillHandles, drillWorld } from '../drill-world.ts';
import { declared, nodeStarts } from '../story.ts';

const WORK = 'work';
const DEAD = 'dead';

export default drill({
  id: 'dead-letters',
  release: 'rabbitmq-4.1',
  title: { en: 'Where rejected messages go', zh: '被拒绝的消息去哪了' },
  task: {
    en:
      'The queue work holds two jobs and drops whatever it does not want. Let its dead ' +
      'letters come to a queue dead, then reject what is there, and let one more job expire. ' +
      'At the end work is empty.',
    zh:
      '队列 work 里有两个任务，不要的消息一丢了之。让它的死信进入队列 dead：先拒绝已有的，再' +
      '让一条新任务过期。最后 work 为空。',
  },
  products: ['rabbitmq'],
  tools: ['rabbitmqctl', 'rabbitmqadmin'],
  world: drillWorld,
  handles: drillHandles,
  prepare: [
    nodeStarts,
    declared({ en: 'The queue of jobs', zh: '任务队列' }, () => ({
      queues: [{ queue: WORK, durable: true }],
    })),
    {
      id: 'publish',
      title: { en: 'Two jobs', zh: '两个任务' },
      do: ({ rabbit }) => {
        rabbit.addPublisher('publisher-1');
        rabbit.publish('publisher-1', { routingKey: WORK, count: 2 });
      },
      until: ({ rabbit }) => rabbit.allTold && readyIn(rabbit, WORK) === 2,
      timeLimitMs: 30_000,
    },
  ],
  goal: [
    {
      id: 'rejected',
      text: { en: 'a message was rejected from work', zh: '有消息从 work 被拒绝' },
      holds: ({ rabbit }) => goneFrom(rabbit, WORK, 'rejected') >= 1,
    },
    {
      id: 'expired',
      text: { en: 'a message expired in work', zh: '有消息在 work 中过期' },
      holds: ({ rabbit }) => goneFrom(rabbit, WORK, 'expired') >= 1,
    },
    {
      id: 'dead',
      text: { en: 'dead holds both, work is empty', zh: '两条都在 dead 里，work 为空' },
      holds: ({ rabbit }) => {
        const gone = goneFrom(rabbit, WORK, 'rejected') + goneFrom(rabbit, WORK, 'expired');
        const isEmpty = rabbit.queue(WORK) !== null && readyIn(rabbit, WORK) === 0;
        return isEmpty && gone >= 2 && readyIn(rabbit, DEAD) === gone;
      },
    },
  ],
  solution: [
    'rabbitmqadmin declare queue --name dead',
    `rabbitmqctl set_policy dlq '^work$' ` +
      `'{"dead-letter-exchange":"","dead-letter-routing-key":"dead"}' --apply-to queues`,
    'rabbitmqadmin get messages --queue work --count 2 --ack-mode reject_requeue_false',
    `rabbitmqadmin publish message --routing-key work --payload late --properties ` +
      `'{"expiration":"500"}'`,
    'run 5s',
  ],
  otherWay: [
    'rabbitmqadmin delete queue --name work',
    'rabbitmqadmin declare exchange --name dlx --type fanout',
    'rabbitmqadmin declare queue --name dead --type quorum',
    'rabbitmqadmin declare binding --source dlx --destination-type queue --destination ' +
      'dead --routing-key any',
    `rabbitmqadmin declare queue --name work --arguments '{"x-dead-letter-exchange":"dlx"}'`,
    'rabbitmqadmin publish message --routing-key work --payload j-1',
    'rabbitmqadmin get messages --queue work --ack-mode reject_requeue_false',
    `rabbitmqadmin publish message --routing-key work --payload j-2 --properties ` +
      `'{"expiration":"500"}'`,
    'run 5s',
  ],
  hints: [
    {
      en:
        'Where a dead letter goes is an argument of the queue, or of a policy upon it. A ' +
        'policy can be set while the queue has messages.',
      zh: '死信去哪里由队列参数或策略决定。策略可以在队列有消息时设置。',
    },
    {
      en:
        'The default exchange, whose name is empty, can be a dead-letter exchange: then the ' +
        'dead-letter routing key names the queue.',
      zh: '名字为空的默认交换机也能当死信交换机，这时死信路由键就是队列名。',
    },
    {
      en:
        'rabbitmqadmin get has a mode that rejects what it gets, without putting it back. A ' +
        'time to live counts from the publishing on, so that one needs a new message, and ' +
        'some time.',
      zh:
        'rabbitmqadmin get 有一种确认方式会拒绝且不放回；TTL 从发布时算起，所以要发一条新的，' +
        '再等一会儿。',
    },
  ],
});
