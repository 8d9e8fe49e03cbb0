/** What callers of a check import: the command, the worker of the page, and tests. */
export { SafetyCheck } from './check.ts';
export type { Progress } from './check.ts';
export { kafkaConfiguration } from './kafka/kafka-configuration.ts';
export { probeRunner } from './probe.ts';
export type { ProbeSubject } from './probe.ts';
export type { SafetyReport, StageReport } from './report.ts';
export type { Origin, Problem, Reading, ReadResult, SettingsFile } from './system.ts';
export { systemIds, systemNamed } from './systems.ts';
