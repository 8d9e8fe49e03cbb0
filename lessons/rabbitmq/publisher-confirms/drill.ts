/**
 * The drill: a confirm says that the broker took charge, not that a queue has the message. Catch
 * what no binding takes, and make a full queue refuse instead of dropping what it had confirmed.
 * Not here: the experiment of the lesson.
 */
import { drill } from '#engine/lab/drill.ts';
import { exchangeNamed, goneFrom, queueLimits, readyIn } from '#engine/lab/rabbitmq-state.ts';
import { drillHandles, drillWorld } from '../drill-world.ts';
import { declared, nodeStarts } from '../story.ts';

const EXCHANGE = 'shop';
const PAYS = 'pays';
const UNROUTED = 'unrouted';

export default drill({
  id: 'publisher-confirms',
  release: 'rabbitmq-4.1',
  title: { en: 'Confirmed, and yet in no queue', zh: '已确认，却不在任何队列里' },
  task: {
    en:
      'The exchange shop confirms what it cannot route, and drops it. Let such messages come ' +
      'to a queue unrouted, and publish one there by way of shop. The queue pays has two ' +
      'payments: limit it to two so that a third is refused, not one of the two dropped.',
    zh:
      '交换机 shop 收到无法路由的消息照样确认，然后丢弃。让这类消息进入队列 unrouted，并经 ' +
      'shop 发布一条进去。队列 pays 里有两笔支付：把上限设为两条，第三条应被拒收，而不是挤掉' +
      '前两条。',
  },
  products: ['rabbitmq'],
  tools: ['rabbitmqctl', 'rabbitmqadmin'],
  world: drillWorld,
  handles: drillHandles,
  prepare: [
    nodeStarts,
    declared({ en: 'The exchange and its queue', zh: '交换机和它的队列' }, () => ({
      exchanges: [{ exchange: EXCHANGE, type: 'direct', durable: true }],
      queues: [{ queue: PAYS, durable: true }],
      bindings: [{ queue: PAYS, exchange: EXCHANGE, routingKey: 'pay' }],
    })),
    {
      id: 'publish',
      title: { en: 'Two payments', zh: '两笔支付' },
      do: ({ rabbit }) => {
        rabbit.addPublisher('publisher-1');
        rabbit.publish('publisher-1', { exchange: EXCHANGE, routingKey: 'pay', count: 2 });
      },
      until: ({ rabbit }) => rabbit.allTold && readyIn(rabbit, PAYS) === 2,
      timeLimitMs: 30_000,
    },
  ],
  goal: [
    {
      id: 'alternate',
      text: { en: 'shop has an alternate exchange', zh: 'shop 有备用交换机' },
      holds: ({ rabbit }) => (exchangeNamed(rabbit, EXCHANGE)?.alternate ?? '') !== '',
    },
    {
      id: 'unrouted',
      text: { en: 'unrouted has a message', zh: 'unrouted 里有消息' },
      holds: ({ rabbit }) => readyIn(rabbit, UNROUTED) >= 1,
    },
    {
      id: 'limit',
      text: {
        en: 'pays is limited to 2 messages and refuses more',
        zh: 'pays 上限 2 条，再来就拒收',
      },
      holds: ({ rabbit }) => {
        const limits = queueLimits(rabbit, PAYS);
        return limits.maxLength === 2 && limits.overflow.startsWith('reject-publish');
      },
    },
    {
      id: 'kept',
      text: { en: 'pays still has its two payments', zh: 'pays 里的两笔支付还在' },
      holds: ({ rabbit }) => goneFrom(rabbit, PAYS, 'maxlen') === 0 && readyIn(rabbit, PAYS) === 2,
    },
  ],
  solution: [
    'rabbitmqadmin declare exchange --name spare --type fanout',
    'rabbitmqadmin declare queue --name unrouted',
    'rabbitmqadmin declare binding --source spare --destination-type queue --destination ' +
      'unrouted --routing-key any',
    `rabbitmqctl set_policy ae '^shop$' '{"alternate-exchange":"spare"}' --apply-to exchanges`,
    `rabbitmqctl set_policy cap '^pays$' '{"max-length":2,"overflow":"reject-publish"}' ` +
      `--apply-to queues`,
    'rabbitmqadmin publish message --exchange shop --routing-key nowhere --payload lost',
  ],
  otherWay: [
    'rabbitmqadmin declare queue --name unrouted --type quorum',
    'rabbitmqadmin declare binding --source amq.fanout --destination-type queue ' +
      '--destination unrouted --routing-key x',
    `rabbitmqctl set_policy all '.*' ` +
      `'{"alternate-exchange":"amq.fanout","max-length":2,"overflow":"reject-publish"}' ` +
      `--apply-to all`,
    'rabbitmqadmin publish message --routing-key pays --payload p-3',
    'rabbitmqadmin publish message --exchange shop --routing-key refund --payload r-1',
    'run 1s',
  ],
  hints: [
    {
      en:
        'An exchange may name another one for what none of its bindings takes. That is an ' +
        'argument of the exchange, or of a policy upon it.',
      zh: '交换机可以指定另一个交换机来接收没有绑定匹配的消息：用交换机参数或策略。',
    },
    {
      en: 'A length limit drops from the head unless the overflow behaviour says otherwise.',
      zh: '长度上限默认从队头丢弃，除非另行指定溢出行为。',
    },
    {
      en:
        'rabbitmqctl set_policy sets both: one policy for exchanges, one for queues. A ' +
        'fanout exchange with one queue bound takes any key.',
      zh:
        'rabbitmqctl set_policy 两件事都能做：一条策略给交换机，一条给队列。绑定一个队列的 ' +
        'fanout 交换机什么键都收。',
    },
  ],
});
