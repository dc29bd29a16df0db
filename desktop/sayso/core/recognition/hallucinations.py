"""What recognisers write when nobody speaks: phrases of the subtitles they were trained on. Pure.

Whisper and its relatives end silence as videos end: with thanks, a request to subscribe, or the
credits of whoever made the subtitles. Collected from what users of many programs reported; the
spelling does not matter, see `plain`. A person may say any of these, so that a text is one of
them proves nothing without the sound: see `sayso.core.recognition.plausibility`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

PHRASES: Mapping[str, str] = {
    "en": """
        Thank you. | Thank you very much. | Thank you so much. | Thanks. | Thanks a lot. |
        Thank you for watching. | Thank you so much for watching. | Thanks for watching. |
        Thank you for listening. | Thanks for listening. | Thank you for your time. |
        Thank you for your attention. | Thank you for joining us. |
        Thanks for watching and I'll see you in the next video. |
        Thanks for watching, don't forget to like and subscribe. |
        I'll see you in the next video. | See you in the next video. | See you next time. |
        I'll see you next time. | See you. | Please subscribe. | Subscribe. |
        Please subscribe to my channel. | Please like and subscribe. | Like and subscribe. |
        Don't forget to like and subscribe. | Don't forget to subscribe. |
        Subtitles by the Amara.org community | Transcription by CastingWords |
        Transcribed by https://otter.ai | Transcription Outsourcing, LLC. |
        Subs by www.zeoranger.co.uk | www.mooji.org | ESO. Subtitles | BF-WATCH TV 2021 | you |
        Bye. | Bye bye. | Goodbye. | Good night. | Okay. | Oh. | Yeah. | Uh. | Um. | Hmm. |
        Mm-hmm. | So. | The. | I'm sorry. | The End. | To be continued. | Hi. | Hello. |
        I don't know. | We'll be right back. | It's a wrap. | God bless you.""",
    "de": """
        Vielen Dank. | Vielen Dank fürs Zuschauen. | Vielen Dank für die Aufmerksamkeit. |
        Vielen Dank für Ihre Aufmerksamkeit. | Vielen Dank fürs Zuhören. | Danke. |
        Danke schön. | Danke fürs Zuschauen. | Danke fürs Zusehen. | Bis zum nächsten Mal. |
        Das war's. | Tschüss. | Auf Wiedersehen. | Abonniert den Kanal. |
        Untertitel der Amara.org-Community | Untertitel von Stephanie Geiges |
        Untertitelung aufgrund der Amara.org-Community | Untertitel im Auftrag des ZDF |
        Untertitel im Auftrag des ZDF für funk | Untertitelung im Auftrag des ZDF |
        Untertitelung des ZDF | Untertitelung. BR | Untertitelung des SWR | Copyright WDR |
        SWR | Copyright Australian Broadcasting Corporation""",
    "fr": """
        Merci. | Merci beaucoup. | Merci d'avoir regardé. | Merci d'avoir regardé cette vidéo. |
        Merci d'avoir regardé la vidéo. | Merci à tous. | Au revoir. | À bientôt. |
        Abonnez-vous. | Abonnez-vous à la chaîne. | N'oubliez pas de vous abonner. |
        Sous-titres réalisés par la communauté d'Amara.org |
        Sous-titres réalisés para la communauté d'Amara.org | Sous-titres par Amara.org |
        Sous-titres réalisés par les SousTitres d'Amara.org | par SousTitreur.com |
        Sous-titrage ST' 501 | Sous-titrage Société Radio-Canada | Sous-titrage MFP. |
        Sous-titrage FR | Musique""",
    "es": """
        Gracias. | Muchas gracias. | Gracias por ver el video. | Gracias por ver el vídeo. |
        Gracias por ver. | ¡Hasta la próxima! | Adiós. | ¡Suscríbete! | ¡Suscríbete al canal! |
        Suscríbete y activa la campanita. |
        Subtítulos realizados por la comunidad de Amara.org |
        Subtítulos por la comunidad de Amara.org | Subtitulado por la comunidad de Amara.org |
        Subtítulos en español de Amara.org | Más información www.alimmenta.com | www.mooji.org""",
    "it": """
        Grazie. | Grazie mille. | Grazie a tutti. | Grazie per la visione. |
        Grazie per aver guardato il video. | Grazie per l'attenzione. | Ciao. |
        Iscriviti al canale. | Alla prossima. | Sottotitoli creati dalla comunità Amara.org |
        Sottotitoli e revisione a cura di QTSS | Sottotitoli a cura di QTSS |
        Sottotitoli di Sottotitoli di Amara.org""",
    "pt": """
        Obrigado. | Obrigada. | Muito obrigado. | Obrigado por assistir. |
        Obrigado por assistirem. | Obrigado pela atenção. | Tchau. | Até a próxima. |
        Inscreva-se no canal. | Se inscreva no canal. | E aí |
        Legendas pela comunidade Amara.org | Legenda por Sônia Ruberti |
        Legenda Adriana Zanotto | Legendas pela comunidade de Amara.org""",
    "nl": """
        Dank u wel. | Dank je wel. | Bedankt. | Bedankt voor het kijken. |
        Tot de volgende keer. | Ondertitels ingediend door de Amara.org gemeenschap |
        Ondertiteld door de Amara.org gemeenschap |
        Ondertiteling door de Amara.org gemeenschap | TV GELDERLAND""",
    "pl": """
        Dziękuję. | Dziękuję bardzo. | Dziękuję za uwagę. | Dziękuję za oglądanie. |
        Dzięki za oglądanie. | Dziękuję za obejrzenie. | Do zobaczenia. |
        Napisy stworzone przez społeczność Amara.org |
        Zapraszamy na www.nauczsieangielskiego.pl | Nie zapomnij zasubskrybować.""",
    "ru": """
        Спасибо. | Спасибо за просмотр. | Спасибо за внимание. | Спасибо за субтитры. |
        Большое спасибо. | До свидания. | До новых встреч. | Продолжение следует... |
        Подписывайтесь на канал. | Подписывайтесь на мой канал. | Пока. | Ну, вот. |
        Субтитры сделал DimaTorzok | Субтитры создавал DimaTorzok | Субтитры подогнал «Симон» |
        Субтитры делал DimaTorzok | Субтитры добавил DimaTorzok |
        Редактор субтитров А.Синецкая Корректор А.Егорова |
        Редактор субтитров А.Семкин Корректор А.Егорова |
        Субтитры сделаны сообществом Amara.org | Девушки отдыхают... | ПОДПИШИСЬ! |
        Аплодисменты | Музыка""",
    "uk": """
        Дякую. | Дякую за перегляд. | Дякую за увагу. | Дякуємо за перегляд. |
        Субтитри від спільноти Amara.org | Підписуйтесь на канал.""",
    "cs": """
        Děkuji. | Děkuji za pozornost. | Děkuji za sledování. | Titulky vytvořil JohnyX. |
        Titulky od společenství Amara.org | www.hradeckralove.org""",
    "sk": """
        Ďakujem. | Ďakujem za pozornosť. | Titulky vytvorila komunita Amara.org""",
    "sv": """
        Tack. | Tack så mycket. | Tack för att du tittade. | Tack för att ni tittade. |
        Undertexter från Amara.org-gemenskapen | Undertexter av Amara.org gemenskapen |
        Textning Stina Hedin www.btistudios.com | Svensktextning.nu |
        Textat av Nicolai Winther""",
    "da": """
        Tak. | Tak skal du have. | Tak fordi du så med. | Tak for at se med. |
        Danske tekster af Nicolai Winther | Undertekster af Amara.org-fællesskabet |
        Danske tekster af Jesper Buhl Scandinavian Text Service""",
    "no": """
        Takk. | Takk for at du så på. | Takk for oppmerksomheten. | Undertekster av Ai-Media |
        Teksting av Nicolai Winther | Teksting av Amara.org-samfunnet""",
    "fi": """
        Kiitos. | Kiitos kun katsoit. | Kiitos katsomisesta. | Tekstitys Amara.org-yhteisö""",
    "hu": """
        Köszönöm. | Köszönöm szépen. | Köszönöm a figyelmet. | Köszönöm, hogy megnézted. |
        Köszönöm, hogy megnéztétek. | Feliratok az Amara.org közösségtől""",
    "ro": """
        Mulțumesc. | Vă mulțumesc. | Mulțumesc pentru vizionare. |
        Vă mulțumim pentru vizionare. | Subtitrare realizată de comunitatea Amara.org |
        Nu uitați să dați like și să vă abonați.""",
    "el": """
        Ευχαριστώ. | Σας ευχαριστώ. | Ευχαριστώ που παρακολουθήσατε. | Υπότιτλοι AUTHORWAVE""",
    "bg": """
        Благодаря. | Благодаря за гледането. | Абонирайте се.""",
    "ca": """
        Gràcies. | Gràcies per veure el vídeo. | Subtítols creats per la comunitat Amara.org""",
    "tr": """
        Teşekkürler. | Teşekkür ederim. | İzlediğiniz için teşekkür ederim. |
        İzlediğiniz için teşekkürler. | Abone olmayı unutmayın. |
        Bir sonraki videoda görüşürüz. | Altyazı M.K. | Abone ol. | Görüşmek üzere.""",
    "ar": """
        شكرا | شكرا لكم | شكرا على المشاهدة | شكرا للمشاهدة | اشتركوا في القناة |
        ترجمة نانسي قنقر | إلى اللقاء""",
    "fa": """
        متشکرم | ممنون | با تشکر از تماشای شما | زیرنویس توسط انجمن آمارا""",
    "he": """
        תודה. | תודה רבה. | תודה שצפיתם. | תודה על הצפייה.""",
    "hi": """
        धन्यवाद | देखने के लिए धन्यवाद | चैनल को सब्सक्राइब करें""",
    "id": """
        Terima kasih. | Terima kasih telah menonton. | Terima kasih sudah menonton. |
        Sampai jumpa di video berikutnya.""",
    "vi": """
        Cảm ơn. | Cảm ơn các bạn đã theo dõi. | Cảm ơn các bạn đã xem video. |
        Cảm ơn các bạn đã theo dõi và hẹn gặp lại. |
        Hãy subscribe cho kênh Ghiền Mì Gõ Để không bỏ lỡ những video hấp dẫn |
        Hãy đăng ký kênh để ủng hộ kênh của mình nhé. |
        Hẹn gặp lại các bạn trong những video tiếp theo.""",
    "th": """
        ขอบคุณครับ | ขอบคุณค่ะ | โปรดติดตามตอนต่อไป | ขอบคุณที่รับชม""",
    "zh": """
        谢谢 | 謝謝 | 谢谢大家 | 謝謝大家 | 谢谢观看 | 謝謝觀看 | 谢谢收看 | 謝謝收看 |
        谢谢您的观看 | 谢谢大家观看 | 感谢观看 | 感謝觀看 | 再见 | 再見 | 拜拜 | 下次再见 |
        我们下期再见 | 请不吝点赞 订阅 转发 打赏支持明镜与点点栏目 |
        請不吝點贊 訂閱 轉發 打賞支持明鏡與點點欄目 | 字幕由Amara.org社区提供 |
        字幕由 Amara.org 社群提供 | 字幕志愿者 杨茜茜 | 字幕志愿者 李宗盛 |
        中文字幕志愿者 杨茜茜 | 优优独播剧场——YoYo Television Series Exclusive |
        優優獨播劇場——YoYo Television Series Exclusive | 明镜需要您的支持 欢迎订阅明镜 |
        字幕by索兰娅 | 小編字幕由Amara.org社區提供 | 订阅 | 未完待续""",
    "ja": """
        ありがとうございました | ありがとうございます | ご視聴ありがとうございました |
        ご視聴ありがとうございます | 最後までご視聴いただきありがとうございました |
        最後までご視聴いただきありがとうございます | ご清聴ありがとうございました |
        チャンネル登録お願いします | チャンネル登録よろしくお願いします |
        チャンネル登録をお願いいたします | 高評価とチャンネル登録をお願いします |
        次の動画でお会いしましょう | また次の動画でお会いしましょう | おやすみなさい |
        お疲れ様でした | では、また | ではまた | はい |
        字幕は Amara.org コミュニティによって提供されました""",
    "ko": """
        감사합니다 | 고맙습니다 | 시청해주셔서 감사합니다 | 시청해 주셔서 감사합니다 |
        구독과 좋아요 부탁드립니다 | 구독 좋아요 알림설정 부탁드립니다 | 다음 영상에서 만나요 |
        다음 시간에 만나요 | 안녕히 계세요 | 네 | MBC 뉴스 이덕영입니다 |
        MBC 뉴스 김성현입니다 | 한글자막 by 한효정 | 자막 제공 및 자막 제작 Amara.org 커뮤니티""",
}
"""By ISO 639-1 code, with | between them; a silence is often taken for another language."""

MAX_CHARS = 2_000
"""A longer text is no invention of this kind, or so long that it is looked at by a person."""

_ANNOTATION = re.compile(r"[\[(*<【（♪♫][^\])*>】）♪♫]*[\])*>】）♪♫]|[♪♫]+")
"""[BLANK_AUDIO], (Music), *sighs*, ♪ la la ♪: said about sound, never said."""


def normalize(text: str) -> str:
    """Only its letters, in one form, with single spaces: years, signs and accents say nothing."""
    letters = unicodedata.normalize("NFKD", text.casefold()).replace("ı", "i")  # Turkish capitals
    kept = "".join(
        char if char.isalpha() else "" if unicodedata.combining(char) or char in "'’" else " "
        for char in letters
    )
    return " ".join(kept.split())


def is_hallucination(text: str, prompt_terms: tuple[str, ...] = ()) -> bool:
    """Whether a text is made of nothing but such phrases, annotations, or what the server had
    been told beforehand (`told`: the prompt, the keywords), however often."""
    if len(text) > MAX_CHARS:
        return False
    rest = _ANNOTATION.sub(" ", text)
    spoken = normalize(rest)
    if not spoken:
        return bool(text.strip()) and not any(char.isalnum() for char in rest)
    hints = {hint for one in prompt_terms if (hint := normalize(one))}
    return _consists_of(spoken, _known_phrases() | hints)


def _consists_of(text: str, phrases: frozenset[str]) -> bool:
    """Whether whole phrases make it up. Of every beginning it is noted once whether they do."""
    reached = [True, *[False] * len(text)]
    sizes = sorted({len(phrase) for phrase in phrases if len(phrase) <= len(text)})
    for at, begins in enumerate(reached[:-1]):
        if not (begins or reached[at]):
            continue
        for size in sizes:
            stop = at + size
            if text[at:stop] not in phrases or stop > len(text):
                continue
            if stop == len(text):
                return True
            if text[stop] == " ":
                reached[stop + 1] = True
    return False


@cache
def _known_phrases() -> frozenset[str]:
    return frozenset(
        normalize(phrase) for phrases in PHRASES.values() for phrase in phrases.split("|")
    )
