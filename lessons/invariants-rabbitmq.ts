/**
 * What each invariant of RabbitMQ says, in one sentence and in both languages. Pages without
 * RabbitMQ do not load it; the others are in `invariants-en.ts` and `invariants-zh.ts`.
 */
export const rabbitmqInvariants: Readonly<Record<'en' | 'zh', Readonly<Record<string, string>>>> = {
  en: {
    R1: 'A message that was confirmed is in each of its queues, or left it for a known reason.',
    R2: 'Each publish is confirmed or rejected once, and none that was not published.',
    R3: 'A mandatory message without a queue comes back before it is confirmed.',
    R4: 'Each delivery is settled once; a tag that nobody holds closes the channel.',
    R5: 'What a queue took is ready, unacknowledged, or gone for a reason.',
    R6: 'A message is marked as redelivered when it was delivered before, and only then.',
    R7: 'A queue delivers in the order of publication; what is requeued goes to its old place.',
    R8: 'A consumer holds no more messages than its prefetch allows.',
    R9: 'x-death counts deaths; unrejected cycles end; a dead letter goes when its target has it.',
    R10: 'Nothing is delivered after it expired.',
    R11: 'One consumer at most is the single active one; higher priorities are delivered first.',
    R12: 'What a transaction published is delivered only after its commit.',
    R13: 'A queue keeps to its length: the oldest are dropped, or the newest are refused.',
    R14: 'A connection that ended leaves no consumer, exclusive queue or unacknowledged message.',
    R15: 'Members of a quorum queue that have applied as much are in the same state.',
    R16: 'A node that pauses in a minority confirms nothing once it sees that it is in one.',
  },
  zh: {
    R1: '得到确认的消息，必在它的每个队列里，或因已知原因离开。',
    R2: '每次发布只确认或拒绝一次，也不会确认没发布过的。',
    R3: '没有队列可去的 mandatory 消息，先退回，再确认。',
    R4: '每次投递只结算一次；结算不存在的 tag 会关闭信道。',
    R5: '队列收下的消息，要么就绪，要么未确认，要么因某个原因离开。',
    R6: '只有投递过的消息再次投递时，才带重新投递标记。',
    R7: '队列按发布顺序投递，重新入队的消息回到原来的位置。',
    R8: '消费者手里未确认的消息不超过预取上限。',
    R9: 'x-death 记下每次死亡；没人拒绝却绕回来的消息会被丢弃；死信等目标队列收下才离开。',
    R10: '过期的消息不会投递。',
    R11: '单活消费者至多一个；优先级高的先投递。',
    R12: '事务里发布的消息，提交之后才会投递。',
    R13: '队列不超过长度上限：丢最旧的，或拒绝最新的。',
    R14: '连接结束后，不留下消费者、独占队列和未确认的消息。',
    R15: '仲裁队列的成员，应用到同一位置时状态相同。',
    R16: '采用 pause_minority 的节点发现自己处于少数派后，不再确认任何消息。',
  },
};
