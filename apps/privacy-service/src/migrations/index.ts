import { ExpungeRequests1780000000001 } from './0001-expunge-requests.js';

/** Every change of the schema, oldest first. */
export const migrations = [ExpungeRequests1780000000001];
