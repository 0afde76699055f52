import { describe, expect, it } from '@jest/globals';
import { SmtpCircuit } from './smtp-circuit.js';

describe('the circuit', () => {
  it('When the server fails, then nothing goes, later one mail, and all after it got through', () => {
    const circuit = new SmtpCircuit();
    expect(circuit.room(100, 0)).toBe(100);
    circuit.failed('smtp-unreachable', 0);
    expect(circuit.room(100, 499)).toBe(0);
    expect(circuit.room(100, 500)).toBe(1);
    expect(circuit.problems()).toHaveLength(1);
    circuit.answered();
    expect(circuit.room(100, 501)).toBe(100);
    expect(circuit.problems()).toEqual([]);
  });

  it('When it keeps failing, then pauses double to 30 s; what fails together counts once', () => {
    const circuit = new SmtpCircuit();
    for (let n = 0; n < 5; n += 1) circuit.failed('smtp-unreachable', 0);
    expect(circuit.room(1, 500)).toBe(1);
    circuit.failed('smtp-unreachable', 500);
    expect([circuit.room(1, 1_499), circuit.room(1, 1_500)]).toEqual([0, 1]);
    for (let n = 0; n < 20; n += 1) circuit.failed('smtp-unreachable', 100_000 * (n + 1));
    expect([circuit.room(1, 2_029_999), circuit.room(1, 2_030_000)]).toEqual([0, 1]);
  });
});
