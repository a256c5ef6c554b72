import { answerCalls } from '../calls.js';
import { LoadGenerator } from './load-generator.js';

answerCalls(new LoadGenerator(), 'ready');
