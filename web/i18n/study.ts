/**
 * The words of the pages for study and for the mock interview, in both languages. Their titles are
 * with those of every page (`en.ts`, `zh.ts`).
 */
import type { ReportWords } from '../interview/report.ts';
import type { Lang } from '../lesson/content.ts';
import type { Fault, Progress, Wanted } from '../study/backup.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** 1:05, or 1:00:05 from an hour on. */
export function clockText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const two = (part: number) => String(part).padStart(2, '0');
  return hours > 0
    ? `${hours}:${two(minutes)}:${two(seconds % 60)}`
    : `${minutes}:${two(seconds % 60)}`;
}

interface Units {
  minutes(count: number): string;
  hours(count: number): string;
  days(count: number): string;
  months(count: number): string;
  years(count: number): string;
}

/** A wait in its largest unit. */
function waitText(ms: number, units: Units): string {
  if (ms < HOUR_MS) return units.minutes(Math.max(1, Math.round(ms / MINUTE_MS)));
  if (ms < DAY_MS) return units.hours(Math.round(ms / HOUR_MS));
  const days = Math.round(ms / DAY_MS);
  if (days < 60) return units.days(days);
  return days < 730 ? units.months(Math.round(days / 30)) : units.years(Math.round(days / 365));
}

const plural = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;

const WANTED_EN: Readonly<Record<Wanted, string>> = {
  number: 'a number',
  text: 'a text',
  list: 'a list',
  object: 'an object with names',
  boolean: 'true or false',
  state: '1, 2 or 3',
  version: 'version 1 or 2',
};

const WANTED_ZH: Readonly<Record<Wanted, string>> = {
  number: '一个数字',
  text: '一段文本',
  list: '一个列表',
  object: '一个带字段名的对象',
  boolean: 'true 或 false',
  state: '1、2 或 3',
  version: '版本 1 或 2',
};

const studyEn = {
  privacy:
    'Your progress stays in this browser. There is no account, and nothing leaves this machine unless you save it as a file.',
  forgets:
    'This browser keeps nothing for this page (a private window, perhaps): save your progress as a file before you close it.',
  how: 'How it works',
  howText: [
    'Every question of the workbook gives several cards: its quiz, each claim of the usual answers (is it so?), each follow-up. Answer in your head or aloud, turn the card, and say honestly how well you knew it. The worse you knew it, the sooner it comes back.',
    'The intervals are computed by FSRS, the scheduler that Anki uses too: it aims at nine out of ten cards remembered when they come due. New cards are few on purpose. Ten a day are seventy a week to see again.',
  ],
  keys: 'Keys, while the card has the focus: Space turns it, 1 to 4 grade it, U undoes the last grade.',
  scripts: 'Study needs scripts: without them, the questions themselves are all there to read.',
  toQuestions: 'All questions',
  loading: 'Loading the cards.',
  failed: 'The cards could not be loaded.',
  again: 'Try again',
  today: 'Today',
  counts: (due: number, fresh: number) => `${due} to repeat, ${fresh} new`,
  start: 'Start',
  goOn: 'Go on',
  stop: 'Stop here',
  finished: 'Done for today.',
  finishedNext: (wait: string) => `Done. The next card comes in ${wait}.`,
  done: (count: number) => `${plural(count, 'card')} graded today`,
  settings: 'What to learn',
  newPerDay: 'New cards a day',
  tracks: 'Tracks',
  all: 'All tracks',
  kinds: { quiz: 'Quiz', claim: 'Claim', 'follow-up': 'Follow-up' },
  isItSo: 'Is it so?',
  turn: 'Turn',
  answer: 'Answer',
  chosen: 'your choice',
  right: 'right',
  toQuestion: 'The whole question',
  grade: 'How well did you know it?',
  grades: { 1: 'Forgotten', 2: 'Hard', 3: 'Good', 4: 'Easy' },
  undo: 'Undo the last grade',
  wait: (ms: number) =>
    waitText(ms, {
      minutes: (count) => `${count} min`,
      hours: (count) => plural(count, 'hour'),
      days: (count) => plural(count, 'day'),
      months: (count) => plural(count, 'month'),
      years: (count) => plural(count, 'year'),
    }),
  progress: 'Progress',
  table: {
    track: 'Track',
    met: 'Met',
    firm: 'Firm',
    due: 'Due',
    firmHint: 'Firm: known so well that it comes again after three weeks or more.',
  },
  of: (count: number, all: number) => `${count} of ${all}`,
  file: 'Take it with you',
  save: 'Save progress as a file',
  open: 'Read progress from a file',
  openHint:
    'What the file has is added to what is here; of a card that both have, the later grade counts.',
  anki: 'Save the cards for Anki',
  ankiHint:
    'A text file for Anki’s File, Import. The cards go, your progress does not: Anki keeps its own.',
  deck: 'Highwater: message queues',
  opened: ({ memories, interviews, bets, drills }: Progress) =>
    `Read: ${plural(memories.length, 'card')} with progress, ` +
    `${plural(interviews.length, 'interview')}, ${plural(bets.length, 'bet')}, ` +
    `${plural(drills.length, 'drill')}.`,
  refused: (why: string) => `Nothing was changed. ${why}`,
  forget: 'Delete all progress',
  forgetSure: 'Delete it for good? Press again.',
  forgotten:
    'Deleted: cards, settings, interviews, what you had marked as known, your bets and drills.',
  lost: 'This could not be kept by the browser. Save your progress as a file.',
  fault: (fault: Fault): string => {
    switch (fault.kind) {
      case 'not-json':
        return 'The file is not JSON: it was cut off, or it is another kind of file.';
      case 'not-ours':
        return 'The file is JSON, but not progress saved here: “format” is not “highwater-progress”.';
      case 'newer':
        return `The file has version ${fault.version}, and this page knows version ${fault.known}: reload the page, it may be out of date.`;
      case 'field':
        return fault.found === undefined
          ? `“${fault.place}” is missing in the file: it has to be ${WANTED_EN[fault.wanted]}.`
          : `“${fault.place}” is ${fault.found} in the file, and has to be ${WANTED_EN[fault.wanted]}.`;
    }
  },
};

export type StudyWords = typeof studyEn;

const studyZh: StudyWords = {
  privacy: '进度只存在这个浏览器里。不用注册；除非你自己存成文件，什么都不会离开这台机器。',
  forgets: '这个浏览器不肯替本页保存数据（也许是无痕窗口）：关闭之前，请先把进度存成文件。',
  how: '怎么学',
  howText: [
    '每道题会变成几张卡片：一道小测、每一条常见说法（对不对？）、每一个追问。先在心里或者出声作答，再翻面，然后老实说自己记得怎么样。记得越差，回来得越早。',
    '间隔由 FSRS 计算，Anki 用的也是它：目标是到期时十张里记得九张。新卡片有意给得少：一天十张，一周就有七十张要复习。',
  ],
  keys: '快捷键（焦点在卡片上时）：空格翻面，1 到 4 评分，U 撤回上一次评分。',
  scripts: '学习功能要用到脚本；没有脚本时，题目本身都可以直接读。',
  toQuestions: '全部面试题',
  loading: '正在载入卡片。',
  failed: '卡片没能载入。',
  again: '再试一次',
  today: '今天',
  counts: (due, fresh) => `要复习 ${due} 张，新卡片 ${fresh} 张`,
  start: '开始',
  goOn: '继续',
  stop: '先到这里',
  finished: '今天的学完了。',
  finishedNext: (wait) => `学完了。下一张卡片在 ${wait}后。`,
  done: (count) => `今天评过 ${count} 张`,
  settings: '学什么',
  newPerDay: '每天新卡片',
  tracks: '方向',
  all: '所有方向',
  kinds: { quiz: '小测', claim: '说法', 'follow-up': '追问' },
  isItSo: '这话对吗？',
  turn: '翻面',
  answer: '答案',
  chosen: '你选的',
  right: '正确',
  toQuestion: '看整道题',
  grade: '刚才记得怎么样？',
  grades: { 1: '忘了', 2: '吃力', 3: '记得', 4: '轻松' },
  undo: '撤回上一次评分',
  wait: (ms) =>
    waitText(ms, {
      minutes: (count) => `${count} 分钟`,
      hours: (count) => `${count} 小时`,
      days: (count) => `${count} 天`,
      months: (count) => `${count} 个月`,
      years: (count) => `${count} 年`,
    }),
  progress: '进度',
  table: {
    track: '方向',
    met: '学过',
    firm: '牢固',
    due: '到期',
    firmHint: '牢固：记得够稳，三周以后才需要再看。',
  },
  of: (count, all) => `${count}/${all}`,
  file: '带走',
  save: '把进度存成文件',
  open: '从文件读入进度',
  openHint: '文件里的内容会并入现有进度；两边都有的卡片，以较晚的那次评分为准。',
  anki: '导出 Anki 卡片',
  ankiHint: '一个文本文件，在 Anki 里用“文件 → 导入”打开。只带卡片，不带进度：Anki 自己另记一份。',
  deck: 'Highwater：消息队列',
  opened: ({ memories, interviews, bets, drills }) =>
    `已读入：${memories.length} 张卡片的进度，${interviews.length} 场面试，` +
    `${bets.length} 次押注，${drills.length} 个实操练习。`,
  refused: (why) => `什么都没有改动。${why}`,
  forget: '删除全部进度',
  forgetSure: '确定彻底删除？再按一次。',
  forgotten: '已删除：卡片进度、设置、面试记录、“会了”的标记、押注和实操练习。',
  lost: '浏览器没能存下这次改动，请把进度存成文件。',
  fault: (fault) => {
    switch (fault.kind) {
      case 'not-json':
        return '这个文件不是 JSON：可能不完整，或者根本是别的文件。';
      case 'not-ours':
        return '这个文件是 JSON，但不是在这里存的进度：“format” 不是 “highwater-progress”。';
      case 'newer':
        return `文件的版本是 ${fault.version}，这个页面只认识版本 ${fault.known}：页面可能旧了，请刷新。`;
      case 'field':
        return fault.found === undefined
          ? `文件里缺少 “${fault.place}”：那里应该是${WANTED_ZH[fault.wanted]}。`
          : `文件里的 “${fault.place}” 是 ${fault.found}，应该是${WANTED_ZH[fault.wanted]}。`;
    }
  },
};

const interviewEn = {
  privacy:
    'Your notes and reports stay in this browser. There is no account, and nothing leaves this machine unless you save it as a file.',
  how: 'How it works',
  howText: [
    'You get one question at a time, as in an interview. Answer aloud while the clock runs; write down keywords if that helps. Then the clock stands still, and you compare: which points of a strong answer did you make, which sentences that give a weak candidate away?',
    'What you tick decides what is asked next: a red flag has to be defended, a point that you missed comes back as somebody else’s opinion. At the end there is a report to print or to save.',
  ],
  scripts:
    'The mock interview needs scripts: without them, the questions themselves are all there to read.',
  toQuestions: 'All questions',
  loading: 'Loading the questions.',
  failed: 'The questions could not be loaded.',
  again: 'Try again',
  choose: 'Your interview',
  track: 'Track',
  level: 'Level',
  any: 'any',
  minutes: 'Minutes',
  matching: (count: number) => `${plural(count, 'question')} to draw from`,
  noMatch: 'No question fits. Choose another track or level.',
  begin: 'Begin',
  question: (number: number) => `Question ${number}`,
  left: 'Time left',
  over: 'The time is up. Finish this question, then go to the report.',
  pause: 'Pause',
  goOn: 'Go on',
  paused: 'The clock is paused.',
  stands: 'The clock stands while you compare.',
  away: (ms: number) =>
    `This page was hidden for ${clockText(ms)} while the clock ran. The clock went on, and the report says so.`,
  notes: 'Your notes',
  notesHint: 'Keywords are enough; nobody else reads them.',
  answered: 'I have answered',
  rubric: 'What a strong answer says',
  rubricHint: 'Tick what you said. Half of it is not it.',
  flags: 'What gives a weak candidate away',
  flagsHint: 'Tick what you said, or something much like it.',
  model: 'The answer in 60 seconds',
  goFurther: 'What is asked next',
  followUp: (number: number, all: number) => `Follow-up ${number} of ${all}`,
  why: {
    flag: 'because of a red flag',
    missed: 'because you left it out',
    further: 'going further',
  },
  defend: (said: string) => `You said: “${said}” What is wrong with that?`,
  opinion: (statement: string) => `Somebody says: “${statement}” Is it so?`,
  show: 'Show the answer',
  held: 'I had it',
  notHeld: 'I did not',
  next: 'Next question',
  toReport: 'To the report',
  finishEarly: 'End the interview',
  empty: 'The interview ended before a question was answered.',
  drawnAll: 'There are no more questions that fit.',
  print: 'Print',
  save: 'Save the report as a file',
  another: 'Another interview',
  earlier: 'Earlier interviews',
  remove: 'Delete',
  toQuestion: 'The whole question',
  lost: 'The browser could not keep this report. Save it as a file.',
};

const reportEn: ReportWords = {
  report: 'Mock interview: report',
  said: 'Said',
  missed: 'Missed',
  flags: 'Red flags',
  notes: 'Notes',
  nothing: 'nothing',
  often: (statement) => `Often said: “${statement}”`,
  summary: (questions, made, all, ms) =>
    `${plural(questions, 'question')} in ${clockText(ms)}; ${made} of ${all} points made.`,
  spent: (ms) => `Time ${clockText(ms)}`,
  away: (ms) => `page hidden for ${clockText(ms)} of it`,
  followUpsHeld: (held, all) => `${held} of ${plural(all, 'follow-up')} known`,
};

export type InterviewWords = typeof interviewEn;

const interviewZh: InterviewWords = {
  privacy: '笔记和报告只存在这个浏览器里。不用注册；除非你自己存成文件，什么都不会离开这台机器。',
  how: '怎么进行',
  howText: [
    '和真的面试一样，一次一道题。计时的时候出声回答，需要的话记几个关键词。答完计时停住，再来对照：好答案里的要点说到了哪几条？一说就露馅的话，说了没有？',
    '勾选的结果决定接下来追问什么：说错的话要你自己圆，漏掉的要点会以“有人说”的方式再来一次。最后有一份报告，可以打印，也可以存成文件。',
  ],
  scripts: '模拟面试要用到脚本；没有脚本时，题目本身都可以直接读。',
  toQuestions: '全部面试题',
  loading: '正在载入题目。',
  failed: '题目没能载入。',
  again: '再试一次',
  choose: '这场面试',
  track: '方向',
  level: '难度',
  any: '不限',
  minutes: '分钟',
  matching: (count) => `有 ${count} 道题可抽`,
  noMatch: '没有符合的题，换一个方向或难度。',
  begin: '开始',
  question: (number) => `第 ${number} 题`,
  left: '剩余时间',
  over: '时间到了。答完这一题，就去看报告。',
  pause: '暂停',
  goOn: '继续',
  paused: '计时已暂停。',
  stands: '对照的时候不计时。',
  away: (ms) => `计时期间，这个页面有 ${clockText(ms)} 不在眼前。计时没有停，报告里会注明。`,
  notes: '你的笔记',
  notesHint: '记关键词就够了，只有你自己看得到。',
  answered: '答完了',
  rubric: '好答案会说到的要点',
  rubricHint: '说到的就勾上。只说了一半，不算。',
  flags: '一说就露馅的话',
  flagsHint: '说了，或者说了差不多的，就勾上。',
  model: '60 秒回答',
  goFurther: '接下来的追问',
  followUp: (number, all) => `追问 ${number}/${all}`,
  why: { flag: '因为说错了话', missed: '因为漏掉了要点', further: '再深入一步' },
  defend: (said) => `你刚才说：“${said}”这话错在哪里？`,
  opinion: (statement) => `有人说：“${statement}”你怎么看？`,
  show: '看答案',
  held: '答上来了',
  notHeld: '没答上来',
  next: '下一题',
  toReport: '看报告',
  finishEarly: '结束面试',
  empty: '一题都没有答，面试就结束了。',
  drawnAll: '符合条件的题已经全部问完。',
  print: '打印',
  save: '把报告存成文件',
  another: '再来一场',
  earlier: '以往的面试',
  remove: '删除',
  toQuestion: '看整道题',
  lost: '浏览器没能存下这份报告，请存成文件。',
};

const reportZh: ReportWords = {
  report: '模拟面试报告',
  said: '说到的',
  missed: '漏掉的',
  flags: '露馅的话',
  notes: '笔记',
  nothing: '无',
  often: (statement) => `常听到的说法：“${statement}”`,
  summary: (questions, made, all, ms) =>
    `${questions} 道题，用时 ${clockText(ms)}；${all} 个要点说到 ${made} 个。`,
  spent: (ms) => `用时 ${clockText(ms)}`,
  away: (ms) => `其中 ${clockText(ms)} 页面不在眼前`,
  followUpsHeld: (held, all) => `${all} 个追问答上 ${held} 个`,
};

export const STUDY_MESSAGES: Readonly<Record<Lang, StudyWords>> = { en: studyEn, zh: studyZh };

export const INTERVIEW_MESSAGES: Readonly<Record<Lang, InterviewWords>> = {
  en: interviewEn,
  zh: interviewZh,
};

export const REPORT_MESSAGES: Readonly<Record<Lang, ReportWords>> = { en: reportEn, zh: reportZh };
