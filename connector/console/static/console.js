const ownAddress = document.currentScript.src;

// A page that is left open after the console has ended says so, or that the console has too many connections (503).
const gone = document.getElementById("gone");
const busy = document.getElementById("busy");
const look = async () => {
  const reply = await fetch(ownAddress, { method: "HEAD", cache: "no-store" }).catch(() => null);
  busy.hidden = reply?.status !== 503;
  gone.hidden = !busy.hidden || Boolean(reply?.ok);
};
document.addEventListener("htmx:error", look);
document.addEventListener("visibilitychange", () => document.hidden || look());
setInterval(() => document.hidden || look(), 10_000);

// A page that names where its news are told is read again when there are some, in place.
for (const place of document.querySelectorAll("[data-news]")) {
  let news = null;
  const listen = () => {
    news?.close();
    news = document.hidden ? null : new EventSource(place.dataset.news);
    if (!news) return;
    news.onmessage = () => htmx.trigger(place, "news");
    news.onerror = look;
  };
  document.addEventListener("visibilitychange", listen);
  addEventListener("pagehide", () => news?.close());
  listen();
}

// Of a text and the choices beside it, what was entered last counts.
document.addEventListener("input", ({ target }) => {
  const [, part, name] = /^(in|pick)\.(.*)$/s.exec(target.name) ?? [];
  const { [`in.${name}`]: text, [`pick.${name}`]: pick, [`was.${name}`]: was } = target.form?.elements ?? {};
  if (!was) return;
  if (part === "in") pick.value = "";
  else was.value = text.value;
});
