/** The events that can be watched, by their names. */
export const EVENT_NAMES = ['task-change', 'process-start', 'process-end', 'exec'] as const;

/** The name of an event. */
export type EventName = (typeof EVENT_NAMES)[number];
