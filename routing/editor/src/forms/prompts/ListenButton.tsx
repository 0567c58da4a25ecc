/// Lets a person hear a prompt: the server fills in made-up values, the browser speaks, or plays the sound.

import { useEffect, useRef, useState } from "react";
import { ask, Refused } from "../../api/client";
import { Icon } from "../../shell/Icon";
import { t } from "../../t";
import { useForm } from "../context";
import { useSpeech } from "./speech";

interface Heard {
  text: string;
  unknown: string[];
}

type State = { kind: "quiet" } | { kind: "asking" } | { kind: "said"; heard: Heard; voiceless: boolean } | { kind: "failed"; why: string };

export function ListenButton({ text, audio, language, name }: { text: string; audio: string; language: string; name: string }) {
  const form = useForm();
  const speech = useSpeech();
  const [state, setState] = useState<State>({ kind: "quiet" });
  const player = useRef<HTMLAudioElement | null>(null);
  const [playing, setPlaying] = useState(false);
  const busy = speech.speaking || playing;
  const listen = async () => {
    if (busy) {
      speech.stop();
      player.current?.pause();
      setPlaying(false);
      return;
    }
    setState({ kind: "asking" });
    try {
      const heard = await ask<Heard>(form.listenUrl, { body: { definition: form.definition, step: form.stepId, text: audio || text } });
      if (audio) {
        await play(heard.text);
        setState({ kind: "quiet" });
      } else if (heard.text === "") {
        setState({ kind: "failed", why: t("With the sample values nothing is said at all.") });
      } else {
        setState({ kind: "said", heard, voiceless: !(await speech.say(heard.text, language)) });
      }
    } catch (error) {
      setState({ kind: "failed", why: error instanceof Refused ? error.message : audio ? t("The sound cannot be played.") : t("The server does not answer.") });
    }
  };
  const play = async (url: string) => {
    player.current ??= new Audio();
    player.current.src = url;
    player.current.onended = () => setPlaying(false);
    await player.current.play();
    setPlaying(true);
  };
  useEffect(
    () => () => {
      player.current?.pause();
    },
    [],
  );
  const label = busy ? t("Stop") : t("Listen");
  return (
    <span className="f-listen">
      <button type="button" className="f-button" disabled={state.kind === "asking" || (text.trim() === "" && audio === "") || form.listenUrl === ""} onClick={() => void listen()} aria-label={t("%(listen)s: %(language)s", { listen: label, language: name })}>
        <Icon name={busy ? "stop" : "volume_up"} /> {label}
      </button>
      <span role="status" className="f-heard">
        {state.kind === "asking" ? t("One moment…") : null}
        {state.kind === "failed" ? <span className="f-error">{state.why}</span> : null}
        {state.kind === "said" ? (
          <>
            {state.voiceless ? (
              <span className="f-warning">
                {t("This browser has no voice for %(language)s, so you can only read it here. Callers hear the carrier's voice.", { language: name })}{" "}
              </span>
            ) : null}
            <q lang={language}>{state.heard.text}</q>{" "}
            {state.heard.unknown.length ? <span className="f-warning">{t("Nothing is known of: %(names)s.", { names: state.heard.unknown.join(", ") })}</span> : null}
          </>
        ) : null}
      </span>
    </span>
  );
}
