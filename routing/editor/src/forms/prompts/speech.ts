/// Speaking in the browser: which voice speaks a language, and whether one is speaking now.

import { useCallback, useEffect, useRef, useState } from "react";

/** A voice for `de-AT`: that very one, else any German one; undefined if the browser has none. */
export function voiceFor(language: string, voices: SpeechSynthesisVoice[]): SpeechSynthesisVoice | undefined {
  const wanted = language.toLowerCase().replace("_", "-");
  const base = wanted.split("-")[0] ?? "";
  const spoken = (voice: SpeechSynthesisVoice) => voice.lang.toLowerCase().replace("_", "-");
  return (
    voices.find((voice) => spoken(voice) === wanted) ??
    voices.find((voice) => spoken(voice).split("-")[0] === base && voice.default) ??
    voices.find((voice) => spoken(voice).split("-")[0] === base)
  );
}

export interface Speech {
  /** Whether this browser speaks at all. */
  able: boolean;
  speaking: boolean;
  /** False if there is no voice for the language. */
  say: (text: string, language: string) => Promise<boolean>;
  stop: () => void;
}

const VOICES_MS = 1500;

/** Browsers load their voices late, and say so by an event. */
async function voicesOf(synthesis: SpeechSynthesis): Promise<SpeechSynthesisVoice[]> {
  const now = synthesis.getVoices();
  if (now.length) return now;
  await new Promise<void>((done) => {
    const timer = setTimeout(done, VOICES_MS);
    synthesis.addEventListener?.(
      "voiceschanged",
      () => {
        clearTimeout(timer);
        done();
      },
      { once: true },
    );
  });
  return synthesis.getVoices();
}

export function useSpeech(): Speech {
  const synthesis = typeof window === "undefined" ? undefined : (window.speechSynthesis as SpeechSynthesis | undefined);
  const [speaking, setSpeaking] = useState(false);
  const turn = useRef(0);
  const stop = useCallback(() => {
    turn.current++;
    synthesis?.cancel();
    setSpeaking(false);
  }, [synthesis]);
  useEffect(() => stop, [stop]);
  const say = useCallback(
    async (text: string, language: string) => {
      if (!synthesis) return false;
      const mine = ++turn.current;
      const voice = voiceFor(language, await voicesOf(synthesis));
      if (mine !== turn.current) return true;
      if (!voice) return false;
      synthesis.cancel();
      const utterance = new SpeechSynthesisUtterance(text);
      utterance.voice = voice;
      utterance.lang = voice.lang;
      const over = () => {
        if (mine === turn.current) setSpeaking(false);
      };
      utterance.onend = over;
      utterance.onerror = over;
      setSpeaking(true);
      synthesis.speak(utterance);
      return true;
    },
    [synthesis],
  );
  return { able: synthesis !== undefined, speaking, say, stop };
}
