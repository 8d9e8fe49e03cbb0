/** What a run can be exported as, by the ending of the file's name. */
export const exportForms = ['json', 'svg', 'mmd'] as const;

export type ExportForm = (typeof exportForms)[number];
