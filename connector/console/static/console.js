// A page that names where its news are told is read again when there are some, in place.
for (const place of document.querySelectorAll("[data-news]")) {
  let news = null;
  const listen = () => {
    news?.close();
    news = document.hidden ? null : new EventSource(place.dataset.news);
    if (news) news.onmessage = () => htmx.trigger(place, "news");
  };
  document.addEventListener("visibilitychange", listen);
  addEventListener("pagehide", () => news?.close());
  listen();
}
