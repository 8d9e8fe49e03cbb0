/**
 * IncrementalAlterConfigs for topics and groups, and what a changed configuration entails for
 * partitions.
 *
 * Not here: names, types and defaults (`partition/topic-config.ts`, `group/group-settings.ts`);
 * brokers (`replication-throttles.ts`).
 * Source: `org.apache.kafka.controller.ConfigurationControlManager`. Differences: other settings of
 * brokers cannot be changed while they run; a change of min.insync.replicas changes the ELR in the
 * same batch.
 */
import { assert } from '../../kernel/assert.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import type {
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponse,
} from '../../wire/kafka/messages/incremental-alter-configs.ts';
import { groupSettingProblem } from '../group/group-settings.ts';
import { MetadataDelta, RESOURCE_TYPE_GROUP, RESOURCE_TYPE_TOPIC } from '../metadata/delta.ts';
import { resourceKey, topicConfig, type MetadataImage } from '../metadata/image.ts';
import type { MetadataRecord } from '../metadata/record.ts';
import { topicSettings } from '../partition/topic-config.ts';
import { apiError, NO_ERROR } from './controller-result.ts';
import type { ApiError, ControllerResult, ClusterView } from './controller-result.ts';
import { electUncleanLeaders, updateElr } from './leader-election.ts';
import { topicConfigOf, topicConfigRecord } from './topic-settings.ts';

export type AlterResource = IncrementalAlterConfigsRequest['resources'][number];
type AlterConfig = AlterResource['configs'][number];

/** `AlterConfigOp.OpType`. */
const SET = 0;
const DELETE = 1;
const APPEND = 2;
const SUBTRACT = 3;

/** What else can be configured: the answer for a resource, or null where it is none of those. */
export type MoreConfigs = (
  view: ClusterView,
  resource: AlterResource,
  records: MetadataRecord[],
) => ApiError | null;

/** Source: `ConfigurationControlManager.incrementalAlterConfigs`. */
export function alterConfigs(
  view: ClusterView,
  request: IncrementalAlterConfigsRequest,
  more: MoreConfigs | null = null,
): ControllerResult<IncrementalAlterConfigsResponse> {
  const records: MetadataRecord[] = [];
  const seen = new Set<string>();
  const responses = request.resources.map((resource) => {
    const key = `${resource.resourceType}:${resource.resourceName}`;
    const error = seen.has(key)
      ? apiError(ErrorCode.INVALID_REQUEST, 'Each resource must appear at most once.')
      : alterResource(view, resource, records, more);
    seen.add(key);
    const { resourceType, resourceName } = resource;
    return { ...error, resourceType, resourceName };
  });
  assert(responses.length === request.resources.length, 'a response a resource');
  const response = { throttleTimeMs: 0, responses };
  if (request.validateOnly) return { records: [], response };
  return { records: [...records, ...consequences(view, records)], response };
}

function alterResource(
  view: ClusterView,
  resource: AlterResource,
  records: MetadataRecord[],
  more: MoreConfigs | null,
): ApiError {
  const { resourceName } = resource;
  if (resource.resourceType === RESOURCE_TYPE_GROUP) return alterGroup(view, resource, records);
  const told = more?.(view, resource, records) ?? null;
  if (told !== null) return told;
  if (resource.resourceType !== RESOURCE_TYPE_TOPIC) {
    return apiError(ErrorCode.INVALID_REQUEST, 'Only topics and groups can be configured.');
  }
  if (!view.image.topics.has(resourceName)) {
    return apiError(
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
      `The topic '${resourceName}' does not exist.`,
    );
  }
  const config = new Map(topicConfig(view.image, resourceName));
  for (const change of resource.configs) {
    const error = alterConfig(config, change);
    if (error !== NO_ERROR) return error;
  }
  const read = topicConfigOf(view.config, config);
  if (typeof read === 'string') return apiError(ErrorCode.INVALID_CONFIG, read);
  for (const name of new Set(resource.configs.map((change) => change.name))) {
    const value = config.get(name) ?? null;
    if (value === (topicConfig(view.image, resourceName).get(name) ?? null)) continue;
    records.push(topicConfigRecord(resourceName, name, value));
  }
  return NO_ERROR;
}

/** A group need not be there to be configured. */
function alterGroup(
  view: ClusterView,
  resource: AlterResource,
  records: MetadataRecord[],
): ApiError {
  const before = view.image.configs.get(resourceKey('group', resource.resourceName));
  return alterOwn(before, resource, groupSettingProblem, records);
}

/** The records of what has only settings of its own; or why there are none. */
export function alterOwn(
  before: ReadonlyMap<string, string> | undefined,
  { resourceType, resourceName, configs }: AlterResource,
  problemOf: (name: string, value: string | null) => string | null,
  records: MetadataRecord[],
): ApiError {
  const config = new Map(before ?? []);
  for (const change of configs) {
    const error = alterConfig(config, change);
    if (error !== NO_ERROR) return error;
    const problem = problemOf(change.name, config.get(change.name) ?? null);
    if (problem !== null) return apiError(ErrorCode.INVALID_CONFIG, problem);
  }
  for (const name of new Set(configs.map((change) => change.name))) {
    const value = config.get(name) ?? null;
    if (value === (before?.get(name) ?? null)) continue;
    records.push({ type: 'ConfigRecord', data: { resourceType, resourceName, name, value } });
  }
  return NO_ERROR;
}

function alterConfig(config: Map<string, string>, change: AlterConfig): ApiError {
  const { name, value, configOperation } = change;
  switch (configOperation) {
    case DELETE:
      config.delete(name);
      return NO_ERROR;
    case SET:
      if (value === null) return apiError(ErrorCode.INVALID_REQUEST, `No value for ${name}.`);
      config.set(name, value);
      return NO_ERROR;
    case APPEND:
    case SUBTRACT: {
      const setting = topicSettings[name as keyof typeof topicSettings];
      if (setting?.type !== 'list') {
        const message = `Can't append to or subtract from ${name}: it is not a list.`;
        return apiError(ErrorCode.INVALID_CONFIG, message);
      }
      const items = (config.get(name) ?? setting.defaultText).split(',').filter(Boolean);
      const given = (value ?? '').split(',').filter(Boolean);
      const kept = items.filter((item) => !given.includes(item));
      config.set(name, (configOperation === APPEND ? [...kept, ...given] : kept).join(','));
      return NO_ERROR;
    }
    default:
      return apiError(ErrorCode.INVALID_REQUEST, `Unknown operation ${configOperation}.`);
  }
}

/** What follows for partitions when the configurations are as the records say. */
function consequences(
  view: ClusterView,
  records: readonly MetadataRecord[],
): readonly MetadataRecord[] {
  const changed = (name: string): string[] =>
    records.flatMap((record) =>
      record.type === 'ConfigRecord' && record.data.name === name ? [record.data.resourceName] : [],
    );
  const minIsrTopics = changed('min.insync.replicas');
  const uncleanTopics = changed('unclean.leader.election.enable');
  if (minIsrTopics.length === 0 && uncleanTopics.length === 0) return [];
  const after = { ...view, image: imageAfter(view.image, records) };
  const elrRecords = updateElr(after, (topic) => minIsrTopics.includes(topic.name));
  // Else partitions without a leader wait for unclean.leader.election.interval.ms.
  if (!view.config.profile.switches.uncleanElectionOnConfigChange) return elrRecords;
  const afterElr = { ...view, image: imageAfter(after.image, elrRecords) };
  const elections = electUncleanLeaders(afterElr, (topic) => uncleanTopics.includes(topic.name));
  return [...elrRecords, ...elections];
}

function imageAfter(image: MetadataImage, records: readonly MetadataRecord[]): MetadataImage {
  const delta = new MetadataDelta(image);
  for (const record of records) delta.replay(record);
  return delta.apply(image.offset + records.length, image.epoch);
}
