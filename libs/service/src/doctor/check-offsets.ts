import { type Place, readPlaces } from './consumer-state.js';
import type { Finding, Patient } from './finding.js';

/** Group and database stand at the same place of each partition, and that is a place the topic has. */
export async function checkOffsets(patient: Patient): Promise<Finding[]> {
  return judgeOffsets(await readPlaces(patient));
}

export function judgeOffsets(places: readonly Place[]): Finding[] {
  return places.flatMap((place): Finding[] => {
    const { topic, partition, low, high, committed, own = 0n } = place;
    const where = `offset jumped in ${topic}/${partition}`;
    if (committed > high) {
      const culprit = `${where}: the group stands at ${committed}, but the topic ends at ${high}; it was made anew`;
      return [{ check: 'offsets', culprit, todo: 'restart the service: it reads the new topic from its beginning' }];
    }
    if (committed < low) {
      const culprit = `${where}: the group stands at ${committed}, but the topic begins at ${low}; messages were lost`;
      return [
        {
          check: 'offsets',
          culprit,
          todo: 'the service was away for longer than the retention; see GET /v1/reconciliation',
        },
      ];
    }
    if (own < committed) {
      const culprit = `${where}: the group stands at ${committed}, the database at ${own}; it was restored, or the group was moved`;
      return [{ check: 'offsets', culprit, todo: 'restart the service: it goes back to where its database stands' }];
    }
    return [];
  });
}
