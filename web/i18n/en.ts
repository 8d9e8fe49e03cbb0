/**
 * The words of the workbook in English. Its type is the list of what every language must have.
 *
 * Not here: the lessons' own words (lessons/) and the sentences about events (the products).
 */
const plural = (count: number, one: string, many: string): string =>
  `${count} ${count === 1 ? one : many}`;

export const en = {
  name: 'Highwater',
  tagline: 'A message-broker lab that you can break',
  about:
    'Every interview answer about message queues is proved by an experiment on a real broker engine. It runs in this page: bet on the outcome, run it step by step, turn a knob, crash a broker, and see which acknowledged record is gone.',
  privacy: 'Nothing leaves this machine: no account, no request to anyone else.',
  enter: 'Open the workbook',
  skip: 'Skip to the content',
  allLessons: 'All lessons',
  languageName: 'English',
  otherLanguage: '中文',
  navigation: 'Workbook',
  theme: {
    label: 'Theme',
    system: 'as the system',
    light: 'light',
    dark: 'dark',
  },
  missing: {
    title: 'This page does not exist',
    text: 'The address may be old or mistyped.',
  },
  index: {
    title: 'Lessons',
    empty: 'There are no lessons yet.',
    minutes: (count: number) => plural(count, 'minute', 'minutes'),
    questions: (count: number) => plural(count, 'question', 'questions'),
    claims: (count: number, corrected: number) =>
      `${plural(count, 'claim', 'claims')} checked, ${corrected} corrected`,
    stage: {
      questions: 'questions only',
      experiment: 'with an experiment',
      complete: 'with an experiment and a drill',
    },
  },
  lesson: {
    question: 'The question',
    bet: 'Your bet',
    betHint: 'Choose before you run it: a wrong bet is what makes it stay.',
    betPlaced: 'Your bet stands. Now play the run to its end.',
    betCame: 'came true',
    betWon: 'You were right. Say in one sentence why, before you read on.',
    betLost: 'You were wrong, and now you will remember it. Say in one sentence why it went so.',
    betMissed: 'The run came before the bet. Bet first next time.',
    experiment: 'The experiment',
    knobs: 'Settings of this run',
    steps: 'Step by step',
    events: (count: number) => plural(count, 'event', 'events'),
    measures: 'What it measured',
    story: 'What happens, and why',
    answer: 'The answer in 60 seconds',
    redFlags: 'Sentences that give you away',
    claims: 'What the usual answers say, checked',
    claim: 'Claim',
    correction: 'Rather',
    since: 'Since',
    everyRelease: 'all releases',
    source: 'Source',
    proof: 'Proof',
    linkToClaim: 'Link to this claim',
    quiz: 'Quiz',
    quizHint: 'Open an option to see why it is right or wrong.',
    right: 'Right.',
    wrong: 'No.',
    puzzle: 'Your turn',
    followUps: 'What they ask next',
    previous: 'Before',
    next: 'Next',
    contents: 'On this page',
  },
  verdict: {
    holds: 'holds',
    oversimplified: 'oversimplified',
    'version-dependent': 'depends on the version',
    outdated: 'outdated',
    wrong: 'wrong',
  },
  proofVerdict: {
    proved: 'proved by the run',
    refuted: 'refuted by the run',
    'not exercised': 'not exercised by the run',
  },
};

export type Messages = typeof en;
