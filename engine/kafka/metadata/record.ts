/**
 * Metadata records as values: what the controller decides, one fact a record, a batch of them a
 * decision. Their fields are those of the schemas in `wire/kafka/metadata-schemas.ts`.
 *
 * Not here: their bytes (`wire/kafka/metadata-records.ts`), what each one does (`delta.ts`).
 */
import type { metadataSchemas } from '../../wire/kafka/metadata-schemas.ts';
import type { DataOf } from '../../wire/kafka/schema.ts';

type Schemas = typeof metadataSchemas;
type MetadataRecordType = keyof Schemas;
type RecordData<K extends MetadataRecordType> = DataOf<Schemas[K]['schema']>;

/** A record with its name; the log holds its number and version. */
export type MetadataRecord = {
  [K in MetadataRecordType]: { readonly type: K; readonly data: RecordData<K> };
}[MetadataRecordType];

export type BrokerRegistrationChangeRecord = RecordData<'BrokerRegistrationChangeRecord'>;
export type ConfigRecord = RecordData<'ConfigRecord'>;
export type PartitionChangeRecord = RecordData<'PartitionChangeRecord'>;
export type PartitionRecord = RecordData<'PartitionRecord'>;
export type ProducerIdsRecord = RecordData<'ProducerIdsRecord'>;
export type RegisterBrokerRecord = RecordData<'RegisterBrokerRecord'>;
export type TopicRecord = RecordData<'TopicRecord'>;
