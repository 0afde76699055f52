export { eraseContacts, type Participant, rememberExpunged } from './erase-contacts.js';
export { type Counts, jointStore, type Store, tableStore } from './store.js';
export { createSubjectTable, lockKnownSubjects, lockSubjects, type Subject, type Tombstone } from './subjects.js';
