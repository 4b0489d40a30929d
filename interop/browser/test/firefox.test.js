import { runAll } from '../scenarios/run.js';

runAll('firefox');
