/**
 * The drill: a topic that may lose what it acknowledges, one broker that is down, and one hundred
 * payments that must survive. Not here: the experiment of the lesson.
 */
import { drill } from '#engine/lab/drill.ts';
import { committedCount, topicConfigs } from '#engine/lab/kafka-state.ts';
import { drillCluster, drillHandles } from '../drill-world.ts';
import { topicIsReady } from '../story.ts';

const TOPIC = 'pay';
const RECORDS = 100;

export default drill({
  id: 'acks-and-loss',
  release: 'kafka-4.1',
  title: { en: 'A hundred payments, none lost', zh: '一百笔支付，一笔不丢' },
  task: {
    en:
      'The topic pay acknowledges with one copy and elects anybody. Make it safe, get all ' +
      'three replicas in sync, and write a hundred records.',
    zh:
      '主题 pay 只写一份就确认，谁都能当 Leader。把它配置安全，让三个副本都同步，再写入一百条' +
      '消息。',
  },
  products: ['kafka'],
  tools: [
    'kafka-topics.sh',
    'kafka-configs.sh',
    'kafka-console-producer.sh',
    'kafka-get-offsets.sh',
  ],
  world: ({ lab }) => ({ cluster: drillCluster(lab, { 'min.insync.replicas': '1' }) }),
  handles: drillHandles,
  prepare: [
    topicIsReady({ en: 'The topic is made', zh: '创建主题' }, ({ cluster }) => {
      const configs = { 'unclean.leader.election.enable': 'true' };
      cluster.createTopic(TOPIC, { partitions: 1, replicationFactor: 3, configs });
    }),
    {
      id: 'one-down',
      title: { en: 'broker-3 is stopped', zh: 'broker-3 停机' },
      do: (_world, lab) => lab.inject({ fault: 'stop', host: 'broker-3' }),
      until: ({ cluster }, lab) =>
        lab.host('broker-3').state !== 'running' && cluster.isrOf(TOPIC, 0).length === 2,
      timeLimitMs: 60_000,
    },
  ],
  goal: [
    {
      id: 'min-isr',
      text: { en: 'pay has min.insync.replicas=2', zh: 'pay 的 min.insync.replicas=2' },
      holds: ({ cluster }, lab) => topicConfigs(lab, cluster, TOPIC)['min.insync.replicas'] === '2',
    },
    {
      id: 'clean',
      text: {
        en: 'pay has unclean.leader.election.enable=false',
        zh: 'pay 的 unclean.leader.election.enable=false',
      },
      holds: ({ cluster }, lab) =>
        topicConfigs(lab, cluster, TOPIC)['unclean.leader.election.enable'] === 'false',
    },
    {
      id: 'in-sync',
      text: { en: 'three replicas are in sync', zh: '三个副本都在 ISR 中' },
      holds: ({ cluster }) => cluster.isrOf(TOPIC, 0).length === 3,
    },
    {
      id: 'written',
      text: {
        en: `${RECORDS} records are committed`,
        zh: `已提交 ${RECORDS} 条消息`,
      },
      holds: ({ cluster }) => committedCount(cluster, TOPIC) >= RECORDS,
    },
  ],
  solution: [
    'kafka-configs.sh --bootstrap-server broker-1:9092 --alter --entity-type topics ' +
      '--entity-name pay --add-config ' +
      'min.insync.replicas=2,unclean.leader.election.enable=false',
    'start broker-3',
    'seq 100 | kafka-console-producer.sh --bootstrap-server broker-1:9092 --topic pay ' +
      '--request-required-acks all',
    'run 5s',
  ],
  otherWay: [
    'start broker-3',
    'run 10s',
    'kafka-topics.sh --bootstrap-server broker-1:9092 --delete --topic pay',
    'run 5s',
    'kafka-topics.sh --bootstrap-server broker-1:9092 --create --topic pay --partitions 1 ' +
      '--replication-factor 3 --config min.insync.replicas=2 --config ' +
      'unclean.leader.election.enable=false',
    'seq 60 | kafka-console-producer.sh --bootstrap-server broker-2:9092 --topic pay',
    'seq 40 | kafka-console-producer.sh --bootstrap-server broker-3:9092 --topic pay',
    'run 2s',
  ],
  hints: [
    {
      en:
        'Two settings of the topic decide how many copies an acknowledgement needs, and who ' +
        'may lead after a crash.',
      zh: '主题上有两项配置：确认需要几份副本，崩溃之后谁能当 Leader。',
    },
    {
      en:
        'A topic that exists is changed by kafka-configs.sh with --alter and --add-config. A ' +
        'machine that is down is started by a command of the lab.',
      zh: '已有主题用 kafka-configs.sh 的 --alter、--add-config 修改；停掉的机器用实验室命令启动。',
    },
    {
      en:
        'seq prints numbers, one a line; a pipe gives them to the console producer. Then let ' +
        'some time pass, until the third replica has caught up.',
      zh: 'seq 会逐行打印数字，用管道交给控制台生产者；再让时间前进，等第三个副本追上。',
    },
  ],
});
