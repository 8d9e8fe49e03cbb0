/**
 * The drill: a topic exchange whose audit loses every order with three words, and a department that
 * is not bound at all. Not here: the experiment of the lesson.
 */
import { drill } from '#engine/lab/drill.ts';
import { exchangeNamed, readyIn, topicQueues } from '#engine/lab/rabbitmq-state.ts';
import { drillHandles, drillWorld } from '../drill-world.ts';
import { declared, nodeStarts } from '../story.ts';
import type { RabbitWorld } from '../story.ts';

const EXCHANGE = 'orders';
const KEYS = ['order.cn.sh', 'order.us', 'refund.cn.sh'] as const;

const leads = ({ rabbit }: RabbitWorld, key: string): string =>
  topicQueues(exchangeNamed(rabbit, EXCHANGE), key).join();

export default drill({
  id: 'exchange-types',
  release: 'rabbitmq-4.1',
  title: { en: 'Every order to the audit', zh: '每个订单都要进审计' },
  task: {
    en:
      'The topic exchange orders has a queue audit that shall get every key that begins with ' +
      'order, however long, and nothing else. A new queue china shall get all that has the ' +
      'word cn in second place. Then publish one order with the key order.cn.sh.',
    zh:
      'topic 交换机 orders 上的队列 audit 应收到所有以 order 开头的键（不论几个单词），别的都' +
      '不要；新队列 china 应收到第二个单词是 cn 的全部消息。然后以 order.cn.sh 为键发布一条订' +
      '单。',
  },
  products: ['rabbitmq'],
  tools: ['rabbitmqadmin', 'rabbitmqctl'],
  world: drillWorld,
  handles: drillHandles,
  prepare: [
    nodeStarts,
    declared({ en: 'The exchange and its first queue', zh: '交换机和第一个队列' }, () => ({
      exchanges: [{ exchange: EXCHANGE, type: 'topic', durable: true }],
      queues: [{ queue: 'audit', durable: true }],
      bindings: [{ queue: 'audit', exchange: EXCHANGE, routingKey: 'order.*' }],
    })),
  ],
  goal: [
    {
      id: 'audit',
      text: {
        en: 'order.cn.sh and order.us lead to audit, refund.cn.sh does not',
        zh: 'order.cn.sh 和 order.us 能到 audit，refund.cn.sh 到不了',
      },
      holds: (world) => {
        const [cn, us, refund] = KEYS.map((key) => leads(world, key).split(','));
        return cn!.includes('audit') && us!.includes('audit') && !refund!.includes('audit');
      },
    },
    {
      id: 'china',
      text: {
        en: 'order.cn.sh and refund.cn.sh lead to china, order.us does not',
        zh: 'order.cn.sh 和 refund.cn.sh 能到 china，order.us 到不了',
      },
      holds: (world) => {
        const [cn, us, refund] = KEYS.map((key) => leads(world, key).split(','));
        return cn!.includes('china') && !us!.includes('china') && refund!.includes('china');
      },
    },
    {
      id: 'published',
      text: { en: 'each of the two queues has one message', zh: '两个队列里各有一条消息' },
      holds: ({ rabbit }) => readyIn(rabbit, 'audit') === 1 && readyIn(rabbit, 'china') === 1,
    },
  ],
  solution: [
    'rabbitmqadmin declare binding --source orders --destination-type queue --destination ' +
      "audit --routing-key 'order.#'",
    'rabbitmqadmin declare queue --name china',
    'rabbitmqadmin declare binding --source orders --destination-type queue --destination ' +
      "china --routing-key '*.cn.#'",
    'rabbitmqadmin publish message --exchange orders --routing-key order.cn.sh --payload o-1',
  ],
  otherWay: [
    'rabbitmqadmin delete queue --name audit',
    'rabbitmqadmin declare queue --name audit --type quorum',
    'rabbitmqadmin declare queue --name china --type quorum',
    'rabbitmqadmin declare binding --source orders --destination-type queue --destination ' +
      "audit --routing-key 'order.*.#'",
    'rabbitmqadmin declare binding --source orders --destination-type queue --destination ' +
      "china --routing-key '*.cn'",
    'rabbitmqadmin declare binding --source orders --destination-type queue --destination ' +
      "china --routing-key '*.cn.*'",
    'rabbitmqadmin publish message --exchange orders --routing-key order.cn.sh --payload o-1',
    'run 1s',
  ],
  hints: [
    {
      en:
        'A star stands for exactly one word. What stands for any number of words, none among ' +
        'them?',
      zh: '星号只代表一个单词。哪个符号能代表任意多个单词（包括零个）？',
    },
    {
      en:
        'rabbitmqadmin declares bindings: a source, a destination with its type, a routing ' +
        'key. Put the key into quotes.',
      zh: 'rabbitmqadmin 可以声明绑定：来源、目标及其类型、路由键。路由键要加引号。',
    },
    {
      en:
        'For china the first word may be anything, the second is fixed, and whatever follows ' +
        'is welcome: one binding does it. A queue has to be declared first.',
      zh: 'china 的绑定键：第一个单词任意，第二个固定，后面随意，一条绑定就够。队列要先声明。',
    },
  ],
});
