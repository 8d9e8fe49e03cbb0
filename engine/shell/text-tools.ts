/**
 * The small tools of every shell, as far as they help to drive a broker's: text in, text out.
 *
 * Source: POSIX.1-2017, Utilities; `seq` and `sleep` as GNU has them. Only the options named here;
 * any other is an error that says so. Not here: tools that talk to a broker.
 */
import { microsOfMillis } from '../kernel/units.ts';
import { linesOf } from './command-process.ts';
import type { Call, OptionSpec, Program, Tool } from './program.ts';

const COUNT_MAX = 1_000_000;

function usage(call: Call, name: string, problem: string): Program {
  call.err(`${name}: ${problem}`);
  call.exit(1);
  return {};
}

function tool(
  name: string,
  about: Tool['about'],
  start: Tool['start'],
  example: string,
  options: readonly OptionSpec[] = [],
): Tool {
  return { name, about, options: () => options, examples: [example], start };
}

const echo = tool(
  'echo',
  { en: 'prints its words', zh: '打印参数' },
  (call) => {
    call.out(call.words.join(' '));
    call.exit(0);
    return {};
  },
  'echo \'{"version":1}\' > plan.json',
);

const cat = tool(
  'cat',
  { en: 'prints files, or what is typed', zh: '打印文件，或打印输入的内容' },
  (call) => {
    if (call.words.length === 0) {
      return { line: call.out, end: () => call.exit(0), isWaiting: true, prompt: '' };
    }
    let code = 0;
    for (const name of call.words) {
      const text = call.world.files.get(name);
      if (text === undefined) {
        call.err(`cat: ${name}: No such file or directory`);
        code = 1;
      } else {
        for (const line of linesOf(text)) call.out(line);
      }
    }
    call.exit(code);
    return {};
  },
  'cat > plan.json',
);

const ls = tool(
  'ls',
  { en: 'lists the files of this folder', zh: '列出当前目录的文件' },
  (call) => {
    const names = [...call.world.files.keys()].sort((left, right) => (left < right ? -1 : 1));
    for (const name of names) call.out(name);
    call.exit(0);
    return {};
  },
  'ls',
);

const rm = tool(
  'rm',
  { en: 'removes files', zh: '删除文件' },
  (call) => {
    let code = 0;
    for (const name of call.words) {
      if (call.world.files.delete(name)) continue;
      call.err(`rm: cannot remove '${name}': No such file or directory`);
      code = 1;
    }
    call.exit(code);
    return {};
  },
  'rm plan.json',
);

const seq = tool(
  'seq',
  { en: 'prints numbers, one a line', zh: '逐行打印数字' },
  (call) => {
    const numbers = call.words.map(Number);
    if (numbers.length < 1 || numbers.length > 2 || !numbers.every(Number.isSafeInteger)) {
      return usage(call, 'seq', `'${call.words.join(' ')}': expected LAST, or FIRST LAST`);
    }
    const [first, last] = numbers.length === 1 ? [1, numbers[0]!] : [numbers[0]!, numbers[1]!];
    if (last - first >= COUNT_MAX) return usage(call, 'seq', `at most ${COUNT_MAX} numbers`);
    for (let number = first; number <= last; number++) call.out(String(number));
    call.exit(0);
    return {};
  },
  'seq 10 | kafka-console-producer.sh --bootstrap-server broker-1:9092 --topic orders',
);

const sleep = tool(
  'sleep',
  { en: 'waits for so many seconds of virtual time', zh: '等待若干秒（虚拟时间）' },
  (call) => {
    const [seconds = '', ...more] = call.words;
    const match = /^(\d{1,5})(?:\.(\d{1,3}))?s?$/.exec(seconds);
    if (match === null || more.length > 0) {
      return usage(call, 'sleep', `invalid time interval '${call.words.join(' ')}'`);
    }
    const millis = Number(match[1]) * 1000 + Number((match[2] ?? '0').padEnd(3, '0'));
    call.ports.clock.after(microsOfMillis(millis), 'sleep', () => call.exit(0));
    return {};
  },
  'sleep 5',
);

/** A program that takes lines, and at their end prints what is left to say. */
function filter(call: Call, take: (line: string) => void, atEnd: () => number): Program {
  return { line: take, end: () => call.exit(atEnd()), isWaiting: call.isTyped, prompt: '' };
}

const grep = tool(
  'grep',
  { en: 'prints the lines that contain a text', zh: '打印包含某段文字的行' },
  (call) => {
    const flags = call.words.filter((word) => word.startsWith('-'));
    const [wanted, ...more] = call.words.filter((word) => !word.startsWith('-'));
    const unknown = flags.find((flag) => !['-i', '-v', '-c'].includes(flag));
    if (unknown !== undefined) {
      return usage(call, 'grep', `'${unknown}' is not supported here; there are -i, -v, -c`);
    }
    if (wanted === undefined || more.length > 0) {
      return usage(call, 'grep', 'expected one text; lines come through a pipe');
    }
    const fold = (text: string): string => (flags.includes('-i') ? text.toLowerCase() : text);
    let count = 0;
    const take = (line: string): void => {
      if (fold(line).includes(fold(wanted)) === flags.includes('-v')) return;
      count++;
      if (!flags.includes('-c')) call.out(line);
    };
    return filter(call, take, () => {
      if (flags.includes('-c')) call.out(String(count));
      return count > 0 ? 0 : 1;
    });
  },
  'kafka-topics.sh --bootstrap-server broker-1:9092 --list | grep orders',
);

const wc = tool(
  'wc',
  { en: 'counts lines (-l)', zh: '统计行数（-l）' },
  (call) => {
    if (call.words.join(' ') !== '-l') return usage(call, 'wc', 'only -l is supported here');
    let count = 0;
    return filter(
      call,
      () => count++,
      () => {
        call.out(String(count));
        return 0;
      },
    );
  },
  'kafka-topics.sh --bootstrap-server broker-1:9092 --list | wc -l',
);

/** The count of `head -n 3`, `head -3` or `head`. */
function countOf(words: readonly string[]): number | null {
  if (words.length === 0) return 10;
  const match = /^-(?:n ?)?(\d{1,6})$/.exec(words.join(' '));
  return match === null ? null : Number(match[1]);
}

const head = tool(
  'head',
  { en: 'prints the first lines (-n 10)', zh: '打印前几行（-n 10）' },
  (call) => {
    const count = countOf(call.words);
    if (count === null) return usage(call, 'head', `'${call.words.join(' ')}': expected -n COUNT`);
    let taken = 0;
    const take = (line: string): void => {
      if (taken < count) call.out(line);
      if (++taken >= count) call.exit(0);
    };
    return filter(call, take, () => 0);
  },
  'kafka-topics.sh --bootstrap-server broker-1:9092 --list | head -n 3',
);

const tail = tool(
  'tail',
  { en: 'prints the last lines (-n 10)', zh: '打印后几行（-n 10）' },
  (call) => {
    const count = countOf(call.words);
    if (count === null) return usage(call, 'tail', `'${call.words.join(' ')}': expected -n COUNT`);
    const lines: string[] = [];
    const take = (line: string): void => {
      lines.push(line);
      if (lines.length > count) lines.shift();
    };
    return filter(call, take, () => {
      for (const line of lines) call.out(line);
      return 0;
    });
  },
  'cat plan.json | tail -n 1',
);

/** In every world. */
export const textTools: readonly Tool[] = [echo, cat, ls, rm, seq, sleep, grep, wc, head, tail];
