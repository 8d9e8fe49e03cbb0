/**
 * The drill: fill a topic with large batches and read it to the end, so that the bytes go from the
 * page cache to the socket. Not here: the experiment, which counts the copies.
 */
import { drill } from '#engine/lab/drill.ts';
import { committedCount, lagOf } from '#engine/lab/kafka-state.ts';
import { drillCluster, drillHandles } from '../drill-world.ts';
import { brokersStart } from '../story.ts';

const TOPIC = 'zc';
const GROUP = 'zc-bench';
const RECORDS = 2000;

export default drill({
  id: 'zero-copy',
  release: 'kafka-4.1',
  title: { en: 'From file to socket, as it is', zh: '从文件到套接字，原样发送' },
  task: {
    en:
      'A broker sends bytes as they lie in the file, compressed batches too. Make a topic zc ' +
      'with three replicas, write 2,000 records of 1,000 bytes with lz4, and let the group ' +
      'zc-bench read all of them. Its lag is 0 at the end.',
    zh:
      'Broker 把文件里的字节原样发出去，压缩过的批次也一样。创建三副本的主题 zc，用 lz4 写入 ' +
      '2000 条 1000 字节的消息，再让消费组 zc-bench 全部读完，LAG 为 0。',
  },
  products: ['kafka'],
  tools: ['kafka-topics.sh', 'kafka-producer-perf-test.sh', 'kafka-consumer-perf-test.sh'],
  world: ({ lab }) => ({ cluster: drillCluster(lab, { 'offsets.topic.num.partitions': '1' }) }),
  handles: drillHandles,
  prepare: [brokersStart(3)],
  goal: [
    {
      id: 'written',
      text: { en: `zc has ${RECORDS} records`, zh: `zc 有 ${RECORDS} 条消息` },
      holds: ({ cluster }) => committedCount(cluster, TOPIC) >= RECORDS,
    },
    {
      id: 'read',
      text: { en: 'zc-bench has read all of them', zh: 'zc-bench 已全部读完' },
      holds: ({ cluster }, lab) =>
        committedCount(cluster, TOPIC) >= RECORDS && lagOf(lab, cluster, GROUP, TOPIC) === 0,
    },
  ],
  solution: [
    'kafka-topics.sh --bootstrap-server broker-1:9092 --create --topic zc --partitions 1 ' +
      '--replication-factor 3',
    'kafka-producer-perf-test.sh --topic zc --num-records 2000 --record-size 1000 ' +
      '--throughput -1 --producer-props bootstrap.servers=broker-1:9092 compression.type=lz4',
    'kafka-consumer-perf-test.sh --bootstrap-server broker-1:9092 --topic zc --messages ' +
      '2000 --group zc-bench',
    'run 5s',
  ],
  otherWay: [
    'kafka-topics.sh --bootstrap-server broker-2:9092 --create --topic zc ' +
      '--replica-assignment 2:3:1,3:1:2',
    'seq 2000 | kafka-console-producer.sh --bootstrap-server broker-2:9092 --topic zc ' +
      '--compression-codec lz4',
    'kafka-console-consumer.sh --bootstrap-server broker-2:9092 --topic zc --group ' +
      'zc-bench --from-beginning --max-messages 2000 | tail -n 1',
    'run 10s',
  ],
  hints: [
    {
      en:
        'The topic comes first: how many partitions does one reader need, and how many ' +
        'brokers are there for replicas?',
      zh: '先建主题：一个读者需要几个分区？副本又有几台 Broker 可放？',
    },
    {
      en:
        'Two tools measure throughput: one writes so many records of a size, one reads so ' +
        'many. Both take the client’s properties.',
      zh: '有两个测吞吐的工具：一个写入若干条指定大小的消息，一个读取若干条，都能带客户端参数。',
    },
    {
      en:
        'The lag is 0 only when the group has committed: give the reader a group, and let it ' +
        'end properly.',
      zh: '消费组提交位移之后 LAG 才是 0：读的时候指定消费组，并让它正常结束。',
    },
  ],
});
