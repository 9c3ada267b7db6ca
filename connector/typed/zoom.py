"""Typed access to Zoom: made by `connector stubs`, which makes it anew; edit nothing here."""

# ruff: noqa
from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, BinaryIO, Literal, TypedDict

from connector import AsyncClient, AsyncItems, Client, Items, Result
from connector.typed import UNSET, CallSettings, ListingSettings, Unset, select_given


class RegistrationOccurrence(TypedDict):
    """RegistrationOccurrence."""

    duration: int
    occurrence_id: str
    start_time: str
    status: str


class Registration(TypedDict):
    """What Zoom answers when somebody is registered for a meeting or a webinar."""

    id: int
    join_url: str
    registrant_id: str
    start_time: str
    topic: str
    occurrences: list[RegistrationOccurrence]
    participant_pin_code: int


class MeetingOccurrence(TypedDict):
    """MeetingOccurrence."""

    duration: int
    occurrence_id: str
    start_time: str
    status: str


class MeetingRecurrence(TypedDict):
    """MeetingRecurrence."""

    end_date_time: str
    end_times: int
    monthly_day: int
    monthly_week: int
    monthly_week_day: int
    repeat_interval: int
    type: int
    weekly_days: str


class MeetingSettingsApprovedOrDeniedCountriesOrRegions(TypedDict):
    """MeetingSettingsApprovedOrDeniedCountriesOrRegions."""

    approved_list: list[str]
    denied_list: list[str]
    enable: bool
    method: str


class MeetingSettingsAuthenticationExceptionItem(TypedDict):
    """MeetingSettingsAuthenticationExceptionItem."""

    email: str
    name: str
    join_url: str


class MeetingSettingsAutoAddRecordingToVideoManagement(TypedDict):
    """MeetingSettingsAutoAddRecordingToVideoManagement."""

    enable: bool
    channels: list[Any]


class MeetingSettingsBreakoutRoomRoom(TypedDict):
    """MeetingSettingsBreakoutRoomRoom."""

    name: str
    participants: list[str]


class MeetingSettingsBreakoutRoom(TypedDict):
    """MeetingSettingsBreakoutRoom."""

    enable: bool
    rooms: list[MeetingSettingsBreakoutRoomRoom]


class MeetingSettingsCustomKey(TypedDict):
    """MeetingSettingsCustomKey."""

    key: str
    value: str


class MeetingSettingsGlobalDialInNumber(TypedDict):
    """MeetingSettingsGlobalDialInNumber."""

    city: str
    country: str
    country_name: str
    number: str
    type: str


class MeetingSettingsQuestionAndAnswer(TypedDict):
    """MeetingSettingsQuestionAndAnswer."""

    enable: bool
    allow_submit_questions: bool
    allow_anonymous_questions: bool
    question_visibility: str
    attendees_can_comment: bool
    attendees_can_upvote: bool


class MeetingSettingsLanguageInterpretationInterpreter(TypedDict):
    """MeetingSettingsLanguageInterpretationInterpreter."""

    email: str
    languages: str
    interpreter_languages: str


class MeetingSettingsLanguageInterpretation(TypedDict):
    """MeetingSettingsLanguageInterpretation."""

    enable: bool
    interpreters: list[MeetingSettingsLanguageInterpretationInterpreter]


class MeetingSettingsSignLanguageInterpretationInterpreter(TypedDict):
    """MeetingSettingsSignLanguageInterpretationInterpreter."""

    email: str
    sign_language: str


class MeetingSettingsSignLanguageInterpretation(TypedDict):
    """MeetingSettingsSignLanguageInterpretation."""

    enable: bool
    interpreters: list[MeetingSettingsSignLanguageInterpretationInterpreter]


class MeetingSettingsWaitingRoomOptions(TypedDict):
    """MeetingSettingsWaitingRoomOptions."""

    mode: str
    who_goes_to_waiting_room: str


class MeetingSettingsMeetingInvitee(TypedDict):
    """MeetingSettingsMeetingInvitee."""

    email: str
    internal_user: bool


class MeetingSettingsContinuousMeetingChat(TypedDict):
    """MeetingSettingsContinuousMeetingChat."""

    enable: bool
    auto_add_invited_external_users: bool
    auto_add_meeting_participants: bool
    channel_id: str


class MeetingSettingsResource(TypedDict):
    """MeetingSettingsResource."""

    resource_type: str
    resource_id: str
    permission_level: str


class MeetingSettings(TypedDict):
    """MeetingSettings."""

    additional_data_center_regions: list[str]
    allow_multiple_devices: bool
    alternative_hosts: str
    alternative_hosts_email_notification: bool
    alternative_host_update_polls: bool
    alternative_host_manage_meeting_summary: bool
    alternative_host_manage_cloud_recording: bool
    approval_type: int
    approved_or_denied_countries_or_regions: MeetingSettingsApprovedOrDeniedCountriesOrRegions
    audio: str
    audio_conference_info: str
    authentication_domains: str
    authentication_exception: list[MeetingSettingsAuthenticationExceptionItem]
    authentication_name: str
    authentication_option: str
    auto_recording: str
    auto_add_recording_to_video_management: MeetingSettingsAutoAddRecordingToVideoManagement
    breakout_room: MeetingSettingsBreakoutRoom
    calendar_type: int
    close_registration: bool
    cn_meeting: bool
    contact_email: str
    contact_name: str
    custom_keys: list[MeetingSettingsCustomKey]
    email_notification: bool
    encryption_type: str
    enforce_login: bool
    enforce_login_domains: str
    focus_mode: bool
    global_dial_in_countries: list[str]
    global_dial_in_numbers: list[MeetingSettingsGlobalDialInNumber]
    host_video: bool
    in_meeting: bool
    jbh_time: int
    join_before_host: bool
    question_and_answer: MeetingSettingsQuestionAndAnswer
    language_interpretation: MeetingSettingsLanguageInterpretation
    sign_language_interpretation: MeetingSettingsSignLanguageInterpretation
    meeting_authentication: bool
    mute_upon_entry: bool
    participant_video: bool
    private_meeting: bool
    registrants_confirmation_email: bool
    registrants_email_notification: bool
    registration_type: int
    show_share_button: bool
    show_join_info: bool
    use_pmi: bool
    waiting_room: bool
    waiting_room_options: MeetingSettingsWaitingRoomOptions
    watermark: bool
    host_save_video_order: bool
    internal_meeting: bool
    meeting_invitees: list[MeetingSettingsMeetingInvitee]
    continuous_meeting_chat: MeetingSettingsContinuousMeetingChat
    participant_focused_meeting: bool
    push_change_to_calendar: bool
    resources: list[MeetingSettingsResource]
    auto_start_meeting_summary: bool
    who_will_receive_summary: int
    auto_start_ai_companion_questions: bool
    who_can_ask_questions: int
    summary_template_id: str
    device_testing: bool
    request_permission_to_unmute_participants: bool
    allow_host_control_participant_mute_state: bool
    disable_participant_video: bool
    email_in_attendee_report: bool


class MeetingTrackingField(TypedDict):
    """MeetingTrackingField."""

    field: str
    value: str
    visible: bool


class Meeting(TypedDict):
    """A Zoom meeting as Zoom answers it when it is created, read or listed; any field may be absent and Zoom may add more."""

    assistant_id: str
    host_email: str
    host_id: str
    id: int
    uuid: str
    registration_url: str
    agenda: str
    created_at: str
    duration: int
    encrypted_password: str
    pstn_password: str
    h323_password: str
    join_url: str
    chat_join_url: str
    occurrences: list[MeetingOccurrence]
    password: str
    pmi: str
    pre_schedule: bool
    recurrence: MeetingRecurrence
    settings: MeetingSettings
    start_time: str
    start_url: str
    status: str
    template_id: str
    timezone: str
    topic: str
    tracking_fields: list[MeetingTrackingField]
    type: int
    dynamic_host_key: str
    creation_source: str


class CreatedUser(TypedDict):
    """The few fields Zoom answers when a user is created; the whole profile comes from looking the user up."""

    id: str
    first_name: str
    last_name: str
    email: str
    type: int


class Invitation(TypedDict):
    """The text that invites people to a meeting, and the addresses to join it by SIP."""

    invitation: str
    sip_links: list[str]


class RecordingRecordingFile(TypedDict):
    """RecordingRecordingFile."""

    id: str
    meeting_id: str
    recording_start: str
    recording_end: str
    deleted_time: str
    recording_type: str
    file_type: str
    file_extension: str
    file_size: float
    file_path: str
    play_url: str
    download_url: str
    status: str


class RecordingParticipantAudioFile(TypedDict):
    """RecordingParticipantAudioFile."""

    id: str
    file_name: str
    recording_start: str
    recording_end: str
    file_type: str
    file_size: float
    file_path: str
    play_url: str
    download_url: str
    status: str


class Recording(TypedDict):
    """The cloud recording of one session of a meeting or webinar, with its files; any field may be absent and Zoom may add more."""

    id: int
    uuid: str
    account_id: str
    host_id: str
    topic: str
    type: str
    start_time: str
    duration: int
    total_size: int
    recording_count: int
    auto_delete: bool
    auto_delete_date: str
    password: str
    recording_play_passcode: str
    download_access_token: str
    recording_files: list[RecordingRecordingFile]
    participant_audio_files: list[RecordingParticipantAudioFile]


class PhoneRecordingOutgoingBy(TypedDict):
    """PhoneRecordingOutgoingBy."""

    name: str
    extension_number: str


class PhoneRecordingAcceptedBy(TypedDict):
    """PhoneRecordingAcceptedBy."""

    name: str
    extension_number: str


class PhoneRecording(TypedDict):
    """One recorded Zoom Phone call; any field may be absent and Zoom may add more."""

    id: str
    call_id: str
    call_element_id: str
    call_history_id: str
    call_log_id: str
    meeting_uuid: str
    date_time: str
    duration: int
    direction: str
    caller_name: str
    caller_number: str
    caller_number_type: int
    caller_account_code: str
    callee_name: str
    callee_number: str
    callee_number_type: int
    callee_account_code: str
    outgoing_by: PhoneRecordingOutgoingBy
    accepted_by: PhoneRecordingAcceptedBy
    download_url: str
    transcript_download_url: str


# One page of a user's recorded calls, with the token that leads to the next.
PhoneRecordingList = TypedDict('PhoneRecordingList', {
    'from': 'str',
    'to': 'str',
    'next_page_token': 'str',
    'page_count': 'int',
    'page_size': 'int',
    'total_records': 'int',
    'recordings': 'list[PhoneRecording]',
})


class UserCustomAttribute(TypedDict):
    """UserCustomAttribute."""

    key: str
    name: str
    value: str


class UserPhoneNumber(TypedDict):
    """UserPhoneNumber."""

    code: str
    country: str
    label: str
    number: str
    verified: bool


class UserLicenseInfoListItem(TypedDict):
    """UserLicenseInfoListItem."""

    license_type: str
    license_option: int
    subscription_id: str


class User(TypedDict):
    """A Zoom user as Zoom answers it alone or in a list; any field may be absent and Zoom may add more."""

    id: str
    first_name: str
    last_name: str
    display_name: str
    email: str
    type: int
    status: str
    verified: int
    role_id: str
    role_name: str
    pmi: int
    use_pmi: bool
    personal_meeting_url: str
    vanity_url: str
    host_key: str
    pic_url: str
    timezone: str
    language: str
    location: str
    company: str
    dept: str
    job_title: str
    cost_center: str
    manager: str
    pronouns: str
    pronouns_option: int
    account_id: str
    account_number: int
    cms_user_id: str
    employee_unique_id: str
    jid: str
    cluster: str
    created_at: str
    user_created_at: str
    last_login_time: str
    last_client_version: str
    login_types: list[int]
    group_ids: list[str]
    division_ids: list[str]
    im_group_ids: list[str]
    custom_attributes: list[UserCustomAttribute]
    phone_country: str
    phone_number: str
    phone_numbers: list[UserPhoneNumber]
    plan_united_type: str
    zoom_one_type: int
    license_info_list: list[UserLicenseInfoListItem]


class WebinarOccurrence(TypedDict):
    """WebinarOccurrence."""

    duration: int
    occurrence_id: str
    start_time: str
    status: str


class WebinarRecurrence(TypedDict):
    """WebinarRecurrence."""

    end_date_time: str
    end_times: int
    monthly_day: int
    monthly_week: int
    monthly_week_day: int
    repeat_interval: int
    type: int
    weekly_days: str


class WebinarSettingsAttendeesAndPanelistsReminderEmailNotification(TypedDict):
    """WebinarSettingsAttendeesAndPanelistsReminderEmailNotification."""

    enable: bool
    type: int


class WebinarSettingsFollowUpAbsenteesEmailNotification(TypedDict):
    """WebinarSettingsFollowUpAbsenteesEmailNotification."""

    enable: bool
    type: int


class WebinarSettingsFollowUpAttendeesEmailNotification(TypedDict):
    """WebinarSettingsFollowUpAttendeesEmailNotification."""

    enable: bool
    type: int


class WebinarSettingsGlobalDialInNumber(TypedDict):
    """WebinarSettingsGlobalDialInNumber."""

    city: str
    country: str
    country_name: str
    number: str
    type: str


class WebinarSettingsLanguageInterpretationInterpreter(TypedDict):
    """WebinarSettingsLanguageInterpretationInterpreter."""

    email: str
    languages: str
    interpreter_languages: str


class WebinarSettingsLanguageInterpretation(TypedDict):
    """WebinarSettingsLanguageInterpretation."""

    enable: bool
    interpreters: list[WebinarSettingsLanguageInterpretationInterpreter]


class WebinarSettingsSignLanguageInterpretationInterpreter(TypedDict):
    """WebinarSettingsSignLanguageInterpretationInterpreter."""

    email: str
    sign_language: str


class WebinarSettingsSignLanguageInterpretation(TypedDict):
    """WebinarSettingsSignLanguageInterpretation."""

    enable: bool
    interpreters: list[WebinarSettingsSignLanguageInterpretationInterpreter]


class WebinarSettingsQuestionAndAnswer(TypedDict):
    """WebinarSettingsQuestionAndAnswer."""

    allow_submit_questions: bool
    allow_anonymous_questions: bool
    answer_questions: str
    attendees_can_comment: bool
    attendees_can_upvote: bool
    allow_auto_reply: bool
    auto_reply_text: str
    enable: bool


class WebinarSettings(TypedDict):
    """WebinarSettings."""

    additional_data_center_regions: list[str]
    allow_multiple_devices: bool
    alternative_hosts: str
    alternative_host_update_polls: bool
    approval_type: int
    attendees_and_panelists_reminder_email_notification: WebinarSettingsAttendeesAndPanelistsReminderEmailNotification
    audio: str
    audio_conference_info: str
    authentication_domains: str
    authentication_name: str
    authentication_option: str
    auto_recording: str
    close_registration: bool
    contact_email: str
    contact_name: str
    email_language: str
    enforce_login: bool
    enforce_login_domains: str
    follow_up_absentees_email_notification: WebinarSettingsFollowUpAbsenteesEmailNotification
    follow_up_attendees_email_notification: WebinarSettingsFollowUpAttendeesEmailNotification
    global_dial_in_countries: list[str]
    global_dial_in_numbers: list[WebinarSettingsGlobalDialInNumber]
    hd_video: bool
    hd_video_for_attendees: bool
    host_video: bool
    language_interpretation: WebinarSettingsLanguageInterpretation
    sign_language_interpretation: WebinarSettingsSignLanguageInterpretation
    panelist_authentication: bool
    meeting_authentication: bool
    add_watermark: bool
    add_audio_watermark: bool
    notify_registrants: bool
    on_demand: bool
    panelists_invitation_email_notification: bool
    panelists_video: bool
    post_webinar_survey: bool
    practice_session: bool
    question_and_answer: WebinarSettingsQuestionAndAnswer
    registrants_confirmation_email: bool
    registrants_email_notification: bool
    registrants_restrict_number: int
    registration_type: int
    send_1080p_video_to_attendees: bool
    show_share_button: bool
    show_join_info: bool
    survey_url: str
    enable_session_branding: bool
    request_permission_to_unmute_participants: bool
    allow_host_control_participant_mute_state: bool
    email_in_attendee_report: bool


class WebinarTrackingField(TypedDict):
    """WebinarTrackingField."""

    field: str
    value: str
    visible: bool


class WebinarSimuliveDelayStart(TypedDict):
    """WebinarSimuliveDelayStart."""

    enable: bool
    time: int
    timeunit: str


class Webinar(TypedDict):
    """A webinar: in full when looked up, in short when listed."""

    host_email: str
    host_id: str
    id: int
    template_id: str
    uuid: str
    agenda: str
    created_at: str
    duration: int
    registration_url: str
    join_url: str
    occurrences: list[WebinarOccurrence]
    password: str
    encrypted_passcode: str
    h323_passcode: str
    recurrence: WebinarRecurrence
    settings: WebinarSettings
    start_time: str
    start_url: str
    timezone: str
    topic: str
    tracking_fields: list[WebinarTrackingField]
    type: int
    is_simulive: bool
    record_file_id: str
    transition_to_live: bool
    simulive_delay_start: WebinarSimuliveDelayStart
    creation_source: str


class RegistrantCustomQuestion(TypedDict):
    """RegistrantCustomQuestion."""

    title: str
    value: str


class Registrant(TypedDict):
    """A person who registered for a meeting or a webinar, as in the lists."""

    id: str
    address: str
    city: str
    comments: str
    country: str
    custom_questions: list[RegistrantCustomQuestion]
    email: str
    first_name: str
    industry: str
    job_title: str
    last_name: str
    no_of_employees: str
    org: str
    phone: str
    purchasing_time_frame: str
    role_in_purchase_process: str
    state: str
    status: str
    zip: str
    create_time: str
    join_url: str
    participant_pin_code: int


class RegistrantList(TypedDict):
    """A page of the people who registered for a meeting or a webinar."""

    next_page_token: str
    page_count: int
    page_number: int
    page_size: int
    total_records: int
    registrants: list[Registrant]


class MeetingList(TypedDict):
    """One page of the meetings a user has scheduled, with the token that leads to the next."""

    next_page_token: str
    page_count: int
    page_number: int
    page_size: int
    total_records: int
    meetings: list[Meeting]


class ChannelChannelSettings(TypedDict):
    """ChannelChannelSettings."""

    add_member_permissions: int
    new_members_can_see_previous_messages_files: bool
    posting_permissions: int
    mention_all_permissions: int
    allow_to_add_external_users: int


class Channel(TypedDict):
    """A Team Chat channel; any field may be absent and Zoom may add more."""

    id: str
    jid: str
    name: str
    type: int
    channel_url: str
    channel_settings: ChannelChannelSettings


class ChannelList(TypedDict):
    """One page of a user's chat channels, with the token that leads to the next."""

    next_page_token: str
    page_size: int
    total_records: int
    channels: list[Channel]


class MessageFile(TypedDict):
    """MessageFile."""

    file_id: str
    file_name: str
    file_size: int
    download_url: str


class MessageRichTextItem(TypedDict):
    """MessageRichTextItem."""

    start_position: int
    end_position: int
    format_type: str
    format_attr: str


class MessageAtItem(TypedDict):
    """MessageAtItem."""

    at_type: int
    at_contact: str
    at_contact_member_id: str
    start_position: int
    end_position: int


class MessageReactionSender(TypedDict):
    """MessageReactionSender."""

    user_id: str
    member_id: str


class MessageReaction(TypedDict):
    """MessageReaction."""

    emoji: str
    total_count: int
    senders: list[MessageReactionSender]


class MessageInteractiveCard(TypedDict):
    """MessageInteractiveCard."""

    card_id: str
    card_json: str


class Message(TypedDict):
    """A Team Chat message with its files, mentions and reactions; any field may be absent and Zoom may add more."""

    id: str
    message: str
    message_type: str
    sender: str
    send_member_id: str
    sender_member_id: str
    sender_display_name: str
    date_time: str
    timestamp: int
    status: str
    reply_main_message_id: str
    reply_main_message_timestamp: int
    bot_message: dict[str, Any]
    files: list[MessageFile]
    file_id: str
    file_name: str
    file_size: int
    download_url: str
    rich_text: list[MessageRichTextItem]
    at_items: list[MessageAtItem]
    reactions: list[MessageReaction]
    interactive_cards: list[MessageInteractiveCard]


# One page of a user's chat messages, with the token that leads to the next.
MessageList = TypedDict('MessageList', {
    'date': 'str',
    'from': 'str',
    'to': 'str',
    'next_page_token': 'str',
    'page_size': 'int',
    'messages': 'list[Message]',
})


class UserList(TypedDict):
    """One page of an account's users, with the token that leads to the next."""

    next_page_token: str
    page_count: int
    page_number: int
    page_size: int
    total_records: int
    users: list[User]


class Participant(TypedDict):
    """One stay of a person in a webinar that is over; somebody who left and came back is there twice."""

    id: str
    name: str
    user_id: str
    registrant_id: str
    user_email: str
    join_time: str
    leave_time: str
    duration: int
    failover: bool
    status: str
    internal_user: bool


class ParticipantList(TypedDict):
    """A page of the people who attended a webinar that is over."""

    next_page_token: str
    page_count: int
    page_size: int
    total_records: int
    participants: list[Participant]


class WebinarList(TypedDict):
    """A page of a user's webinars."""

    next_page_token: str
    page_count: int
    page_number: int
    page_size: int
    total_records: int
    webinars: list[Webinar]


class Zoom:
    """Zoom: every action is a method."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def add_meeting_registrant(
        self,
        *,
        meeting_id: str,
        email: str,
        first_name: str,
        last_name: str,
        ocurrence_ids: Sequence[str] | str | Unset = UNSET,
        auto_approve: bool | None | Unset = UNSET,
        language: Literal['en-US', 'de-DE', 'es-ES', 'fr-FR', 'jp-JP', 'pt-PT', 'ru-RU', 'zh-CN', 'zh-TW', 'ko-KO', 'it-IT', 'vi-VN', 'pl-PL', 'Tr-TR'] | None | Unset = UNSET,
        phone: str | None | Unset = UNSET,
        address: str | None | Unset = UNSET,
        city: str | None | Unset = UNSET,
        state: str | None | Unset = UNSET,
        zip: str | None | Unset = UNSET,
        country: str | None | Unset = UNSET,
        org: str | None | Unset = UNSET,
        job_title: str | None | Unset = UNSET,
        industry: str | None | Unset = UNSET,
        number_of_employees: Literal['', '1-20', '21-50', '51-100', '101-500', '500-1,000', '1,001-5,000', '5,001-10,000', 'More than 10,000'] | str | None | Unset = UNSET,
        purchasing_time_frame: Literal['', 'Within a month', '1-3 months', '4-6 months', 'More than 6 months', 'No timeframe'] | None | Unset = UNSET,
        role_in_purchase_process: Literal['', 'Decision Maker', 'Evaluator/Recommender', 'Influencer', 'Not involved'] | None | Unset = UNSET,
        comments: str | None | Unset = UNSET,
        custom_questions: Sequence[Any] | None | Unset = UNSET,
        options: CallSettings | None = None,
    ) -> Result[Registration]:
        """Register somebody for a meeting.

        Args:
            meeting_id: The meeting's number, with or without spaces and hyphens.
            email: The person's email address, to which Zoom sends the confirmation.
            first_name: The person's given name.
            last_name: The person's family name.
            ocurrence_ids: The times of a recurring meeting to register for, by occurrence ID, separated by commas.
            auto_approve: Let this person in at once although the meeting's host approves people by hand.
            language: The language of the confirmation email.
            phone: A number to call the person on.
            address: The person's street and house number.
            city: The city or town of that address.
            state: The state or province of that address.
            zip: The postal code of that address.
            country: The country of that address, as a two-letter code.
            org: The company or group the person belongs to.
            job_title: What the person does there.
            industry: The line of business they work in.
            number_of_employees: How many people work at their company.
            purchasing_time_frame: How soon they mean to buy.
            role_in_purchase_process: What part the person plays when their company buys something.
            comments: Anything the person wants to ask or tell the host.
            custom_questions: Answers to the host's own questions, each with the question's title and a value of at most
                128 characters.
        """
        return self.client.run('addMeetingRegistrant', select_given(locals()), **(options or {}))

    def add_webinar_registrant(
        self,
        *,
        webinar_id: str,
        email: str,
        first_name: str,
        last_name: str,
        ocurrence_ids: Sequence[str] | str | Unset = UNSET,
        source_id: str | None | Unset = UNSET,
        language: Literal['en-US', 'de-DE', 'es-ES', 'fr-FR', 'jp-JP', 'pt-PT', 'ru-RU', 'zh-CN', 'zh-TW', 'ko-KO', 'it-IT', 'vi-VN', 'pl-PL', 'Tr-TR'] | None | Unset = UNSET,
        phone: str | None | Unset = UNSET,
        address: str | None | Unset = UNSET,
        city: str | None | Unset = UNSET,
        state: str | None | Unset = UNSET,
        zip: str | None | Unset = UNSET,
        country: str | None | Unset = UNSET,
        org: str | None | Unset = UNSET,
        job_title: str | None | Unset = UNSET,
        industry: str | None | Unset = UNSET,
        number_of_employees: Literal['', '1-20', '21-50', '51-100', '101-500', '500-1,000', '1,001-5,000', '5,001-10,000', 'More than 10,000'] | str | None | Unset = UNSET,
        purchasing_time_frame: Literal['', 'Within a month', '1-3 months', '4-6 months', 'More than 6 months', 'No timeframe'] | None | Unset = UNSET,
        role_in_purchase_process: Literal['', 'Decision Maker', 'Evaluator/Recommender', 'Influencer', 'Not involved'] | None | Unset = UNSET,
        comments: str | None | Unset = UNSET,
        custom_questions: Sequence[Any] | None | Unset = UNSET,
        options: CallSettings | None = None,
    ) -> Result[Registration]:
        """Register somebody for a webinar.

        Args:
            webinar_id: The webinar's number, with or without spaces and hyphens.
            email: The person's email address, to which Zoom sends the confirmation.
            first_name: The person's given name.
            last_name: The person's family name.
            ocurrence_ids: The times of a recurring webinar to register for, by occurrence ID, separated by commas.
            source_id: The ID of the tracking link through which the person found the webinar.
            language: The language of the confirmation email, where the webinar's emails follow the reader's language.
            phone: A number to call the person on.
            address: The person's street and house number.
            city: The city or town of that address.
            state: The state or province of that address.
            zip: The postal code of that address.
            country: The country of that address, as a two-letter code.
            org: The company or group the person belongs to.
            job_title: What the person does there.
            industry: The line of business they work in.
            number_of_employees: How many people work at their company.
            purchasing_time_frame: How soon they mean to buy.
            role_in_purchase_process: What part the person plays when their company buys something.
            comments: Anything the person wants to ask or tell the host.
            custom_questions: Answers to the host's own questions, each with the question's title and a value of at most
                128 characters.
        """
        return self.client.run('addWebinarRegistrant', select_given(locals()), **(options or {}))

    def create_meeting(
        self,
        *,
        user_id: str,
        schedule_for: str | None | Unset = UNSET,
        topic: str | None | Unset = UNSET,
        agenda: str | None | Unset = UNSET,
        meeting_type: Literal[1, 2, 3, 8, 10] | None | Unset = UNSET,
        template_id: str | None | Unset = UNSET,
        password: str | None | Unset = UNSET,
        default_password: bool | None | Unset = UNSET,
        pre_schedule: bool | None | Unset = UNSET,
        start_time: str | datetime | None | Unset = UNSET,
        timezone: str | None | Unset = UNSET,
        duration: int | None | Unset = UNSET,
        recurrence: Literal[1, 2, 3] | None | Unset = UNSET,
        repeat_interval: int | None | Unset = UNSET,
        weekly_day: Sequence[Literal[1, 2, 3, 4, 5, 6, 7]] | str | None | Unset = UNSET,
        monthly_day: int | None | Unset = UNSET,
        monthly_week: Literal[-1, 1, 2, 3, 4] | None | Unset = UNSET,
        monthly_week_day: Literal[1, 2, 3, 4, 5, 6, 7] | None | Unset = UNSET,
        end_times: int | None | Unset = UNSET,
        end_date_time: str | datetime | None | Unset = UNSET,
        host_video: bool | None | Unset = UNSET,
        participant_video: bool | None | Unset = UNSET,
        join_before_host: bool | None | Unset = UNSET,
        mute_upon_entry: bool | None | Unset = UNSET,
        use_pmi: bool | None | Unset = UNSET,
        audio: Literal['both', 'telephony', 'voip', 'thirdParty'] | None | Unset = UNSET,
        available_dial_in_countries: Sequence[str] | None | Unset = UNSET,
        watermark: bool | None | Unset = UNSET,
        waiting_room: bool | None | Unset = UNSET,
        alternative_hosts: Sequence[str] | str | None | Unset = UNSET,
        meeting_authentication: bool | None | Unset = UNSET,
        encryption_type: Literal['enhanced_encryption', 'e2ee'] | None | Unset = UNSET,
        question_and_answer: Mapping[str, Any] | None | Unset = UNSET,
        auto_recording: Literal['none', 'local', 'cloud'] | None | Unset = UNSET,
        approval_type: Literal[0, 1, 2] | None | Unset = UNSET,
        registration_type: Literal[1, 2, 3] | None | Unset = UNSET,
        registration_email_notifications: bool | None | Unset = UNSET,
        tracking_fields: Sequence[Any] | None | Unset = UNSET,
        settings_extra_fields: Mapping[str, Any] | None | Unset = UNSET,
        options: CallSettings | None = None,
    ) -> Result[Meeting]:
        """Schedule or start a meeting hosted by one of your users.

        Args:
            user_id: The host's user ID or email address, or "me" for the connected user.
            schedule_for: The user ID or email address of the person to schedule the meeting for.
            topic: What the meeting is called.
            agenda: What the meeting is about.
            meeting_type: Happens now, at a set time, or again and again.
            template_id: The account's meeting template to start from.
            password: The passcode people need to join.
            default_password: Make a passcode from the user's settings when none is given.
            pre_schedule: Create a prescheduled meeting through the Google Workspace app.
            start_time: When the meeting starts, in UTC (ending in Z) or in the time zone below.
            timezone: The time zone of a start time without Z; one that ends in Z is in UTC, whatever stands here.
            duration: How long the meeting lasts, in minutes.
            recurrence: How often the meeting repeats.
            repeat_interval: Repeat every this many days (up to 99), weeks (up to 50) or months (up to 10).
            weekly_day: The days of the week on which a weekly meeting takes place.
            monthly_day: Day of the month of a monthly meeting.
            monthly_week: Week of the month of a monthly meeting, together with Monthly Week Day.
            monthly_week_day: Day of that week, together with Monthly Week.
            end_times: How many times the meeting takes place, at most 60, or 0 for no end.
            end_date_time: The last day the meeting repeats, in UTC.
            host_video: Turn the host's video on when the meeting starts.
            participant_video: Turn participants' video on when they join.
            join_before_host: Let people join before the host, unless there is a waiting room.
            mute_upon_entry: Mute people when they join.
            use_pmi: Use the host's personal meeting ID instead of a new one.
            audio: How people hear the meeting.
            available_dial_in_countries: Countries with a local number to call, as two-letter codes.
            watermark: Show a watermark over shared screens.
            waiting_room: Let people wait until the host lets them in; nobody then joins before the host.
            alternative_hosts: The email addresses or user IDs of people who may host the meeting instead.
            meeting_authentication: Let in only people who are signed in to Zoom.
            encryption_type: How the meeting is encrypted; end to end switches off recording in the cloud, dialling in
                and more.
            question_and_answer: The settings of questions and answers, by Zoom's own names.
            auto_recording: Where to record the meeting, if anywhere.
            approval_type: How people who register are let in.
            registration_type: How often people register for a recurring meeting with a fixed time.
            registration_email_notifications: Email people when their registration is approved, cancelled or declined.
            tracking_fields: The account's tracking fields and their values.
            settings_extra_fields: Any other meeting setting Zoom knows, by Zoom's own name.
        """
        return self.client.run('createMeeting', select_given(locals()), **(options or {}))

    def create_user(
        self,
        *,
        email: str,
        first_name: str,
        last_name: str,
        user_type: Literal[1, 2, 4] | int,
        action: Literal['create', 'autoCreate', 'custCreate', 'ssoCreate'] | None | Unset = UNSET,
        display_name: str | None | Unset = UNSET,
        password: str | None | Unset = UNSET,
        plan_united_type: Literal['1', '2', '4', '8', '16', '32', '64', '128', '256', '512', '1024', '2048', '4096', '8192', '16384', '32768', '65536', '131072'] | str | None | Unset = UNSET,
        zoom_one_type: Literal[16, 32, 64, 128, 33554432, 134217728, 268435456, 536870912, 1073741824, 4398046511104, 4294967296, 8589934592, 17179869184, 34359738368, 68719476736, 137438953472, 274877906944, 549755813888, 1099511627776, 2199023255552, 18014398509481984, 72057594037927936, 144115188075855872, 576460752303423488] | int | None | Unset = UNSET,
        zoom_phone: bool | None | Unset = UNSET,
        license_info_list: Sequence[Any] | None | Unset = UNSET,
        division_ids: Sequence[str] | None | Unset = UNSET,
        options: CallSettings | None = None,
    ) -> Result[CreatedUser]:
        """Add a person to your Zoom account.

        Args:
            email: The person's email address, not yet used on Zoom by someone else.
            first_name: The person's first name.
            last_name: The person's last name.
            user_type: The kind of meetings license the person gets.
            action: How the person joins the account and signs in.
            display_name: The name other people see in meetings.
            password: A first password with upper and lower case letters and a digit, only for autoCreate.
            plan_united_type: The Zoom United bundle the person gets, if your account has one.
            zoom_one_type: The Zoom Workplace plan (once called Zoom One) the person gets, if your account has one.
            zoom_phone: Give the person Zoom Phone, if a license is free.
            license_info_list: The licenses by type, option and subscription, for an account with several subscriptions.
            division_ids: The division of the account that the user belongs to; Zoom takes one.
        """
        return self.client.run('createUser', select_given(locals()), **(options or {}))

    def delete_user(
        self,
        *,
        user_id: str,
        encrypted_email: bool | Unset = UNSET,
        action: Literal['disassociate', 'delete'] | Unset = UNSET,
        transfer_email: str | Unset = UNSET,
        transfer_meeting: bool | Unset = UNSET,
        transfer_webinar: bool | Unset = UNSET,
        transfer_recording: bool | Unset = UNSET,
        transfer_whiteboard: bool | Unset = UNSET,
        transfer_clipfiles: bool | Unset = UNSET,
        transfer_docs: bool | Unset = UNSET,
        transfer_notes: bool | Unset = UNSET,
        transfer_visitors: bool | Unset = UNSET,
        options: CallSettings | None = None,
    ) -> Result[dict[str, Any]]:
        """Unlink a user from your account, or delete the user for good.

        Args:
            user_id: The ID or email address of the user who leaves.
            encrypted_email: Say that the user is named by an encrypted email address.
            action: Whether the user keeps a free Zoom account or loses it for good.
            transfer_email: The email address of the user who takes over what is handed on, needed for users of Zoom
                Events.
            transfer_meeting: Hand on the user's meetings.
            transfer_webinar: Hand on the user's webinars.
            transfer_recording: Hand on the user's cloud recordings.
            transfer_whiteboard: Hand on the user's whiteboards.
            transfer_clipfiles: Hand on the user's clips.
            transfer_docs: Hand on the user's documents.
            transfer_notes: Hand on the user's notes.
            transfer_visitors: Hand on the visitors whom the user invited.
        """
        return self.client.run('deleteUser', select_given(locals()), **(options or {}))

    def get_meeting_invitation(self, *, meeting_id: str, options: CallSettings | None = None) -> Result[Invitation]:
        """Read the invitation text of a meeting, ready to pass on.

        Args:
            meeting_id: The meeting's number, with or without spaces and hyphens.
        """
        return self.client.run('getMeetingInvitation', select_given(locals()), **(options or {}))

    def get_meeting_recordings(
        self,
        *,
        meeting_id: str,
        include_fields: Literal['download_access_token'] | Unset = UNSET,
        ttl: int | Unset = UNSET,
        options: CallSettings | None = None,
    ) -> Result[Recording]:
        """Get the cloud recordings of one meeting or webinar, with links to the files.

        Args:
            meeting_id: The meeting's ID for its latest session, or the UUID of any session.
            include_fields: One more thing to tell about the recordings.
            ttl: How many seconds the download token stays valid, seven days at most.
        """
        return self.client.run('getMeetingRecordings', select_given(locals()), **(options or {}))

    def get_meeting(
        self,
        *,
        meeting_id: str,
        ocurrence_id: str | Unset = UNSET,
        show_previous_occurrences: bool | Unset = UNSET,
        options: CallSettings | None = None,
    ) -> Result[Meeting]:
        """Read one meeting with its settings and its times.

        Args:
            meeting_id: The meeting's number, with or without spaces and hyphens.
            ocurrence_id: Which one of a recurring meeting's times to read.
            show_previous_occurrences: Include the times of a recurring meeting that are already over.
        """
        return self.client.run('getMeeting', select_given(locals()), **(options or {}))

    def get_phone_recordings(
        self,
        *,
        user_id: str,
        from_: str | date | Unset = UNSET,
        to: str | date | Unset = UNSET,
        options: CallSettings | None = None,
    ) -> Result[PhoneRecordingList]:
        """List the recorded Zoom Phone calls of one user.

        Args:
            user_id: The user's ID or email address, or "me" for the connected user.
            from_: The first day, or the first moment in UTC, within the last six months; the last 30 days when left
                out.
            to: The last day, or the last moment in UTC, at most a month after the first and written like it.
        """
        return self.client.run('getPhoneRecordings', select_given(locals()), **(options or {}))

    def iter_get_phone_recordings(
        self,
        *,
        user_id: str,
        from_: str | date | Unset = UNSET,
        to: str | date | Unset = UNSET,
        options: ListingSettings | None = None,
    ) -> Items[PhoneRecording]:
        """List the recorded Zoom Phone calls of one user, one after another.

        Args:
            user_id: The user's ID or email address, or "me" for the connected user.
            from_: The first day, or the first moment in UTC, within the last six months; the last 30 days when left
                out.
            to: The last day, or the last moment in UTC, at most a month after the first and written like it.
        """
        return self.client.items('getPhoneRecordings', select_given(locals()), **(options or {}))

    def get_user(
        self,
        *,
        user_id: str,
        encrypted_email: bool | Unset = UNSET,
        search_by_unique_id: bool | Unset = UNSET,
        login_type: Literal[0, 1, 11, 21, 23, 24, 27, 97, 98, 99, 100, 101] | Unset = UNSET,
        options: CallSettings | None = None,
    ) -> Result[User]:
        """Look up one user's profile, license and settings.

        Args:
            user_id: The user's ID or email address, or "me" for the connected user.
            encrypted_email: Say that the user is named by an encrypted email address.
            search_by_unique_id: Say that the user is named by an employee ID of your company.
            login_type: Which sign-in to look at when the user has several.
        """
        return self.client.run('getUser', select_given(locals()), **(options or {}))

    def get_webinar(
        self,
        *,
        webinar_id: str,
        occurrence_id_webinar: str | Unset = UNSET,
        show_previous_occurrences_webinar: bool | Unset = UNSET,
        options: CallSettings | None = None,
    ) -> Result[Webinar]:
        """Look up a webinar and its settings.

        Args:
            webinar_id: The webinar's number or its UUID.
            occurrence_id_webinar: Look up only this one time of a recurring webinar.
            show_previous_occurrences_webinar: Tell about the times that are over as well.
        """
        return self.client.run('getWebinar', select_given(locals()), **(options or {}))

    def list_meeting_registrants(
        self,
        *,
        meeting_id: str,
        ocurrence_id: str | Unset = UNSET,
        status: Literal['pending', 'approved', 'denied'] | Unset = UNSET,
        options: CallSettings | None = None,
    ) -> Result[RegistrantList]:
        """List the people who registered for a meeting.

        Args:
            meeting_id: The meeting's number, with or without spaces and hyphens.
            ocurrence_id: List only who registered for this one time of a recurring meeting.
            status: Which registrations to list.
        """
        return self.client.run('listMeetingRegistrants', select_given(locals()), **(options or {}))

    def iter_list_meeting_registrants(
        self,
        *,
        meeting_id: str,
        ocurrence_id: str | Unset = UNSET,
        status: Literal['pending', 'approved', 'denied'] | Unset = UNSET,
        options: ListingSettings | None = None,
    ) -> Items[Registrant]:
        """List the people who registered for a meeting, one after another.

        Args:
            meeting_id: The meeting's number, with or without spaces and hyphens.
            ocurrence_id: List only who registered for this one time of a recurring meeting.
            status: Which registrations to list.
        """
        return self.client.items('listMeetingRegistrants', select_given(locals()), **(options or {}))

    def list_meetings(
        self,
        *,
        user_id: str,
        type_of_meeting: Literal['scheduled', 'live', 'upcoming', 'upcoming_meetings', 'previous_meetings'] | Unset = UNSET,
        from_: str | date | Unset = UNSET,
        to: str | date | Unset = UNSET,
        timezone_query: str | Unset = UNSET,
        options: CallSettings | None = None,
    ) -> Result[MeetingList]:
        """List the meetings a user has scheduled.

        Args:
            user_id: The host's user ID or email address, or "me" for the connected user.
            type_of_meeting: Which meetings to list; past and coming ones reach at most six months.
            from_: The first day to list.
            to: The last day to list.
            timezone_query: The time zone of the first and the last day.
        """
        return self.client.run('listMeetings', select_given(locals()), **(options or {}))

    def iter_list_meetings(
        self,
        *,
        user_id: str,
        type_of_meeting: Literal['scheduled', 'live', 'upcoming', 'upcoming_meetings', 'previous_meetings'] | Unset = UNSET,
        from_: str | date | Unset = UNSET,
        to: str | date | Unset = UNSET,
        timezone_query: str | Unset = UNSET,
        options: ListingSettings | None = None,
    ) -> Items[Meeting]:
        """List the meetings a user has scheduled, one after another.

        Args:
            user_id: The host's user ID or email address, or "me" for the connected user.
            type_of_meeting: Which meetings to list; past and coming ones reach at most six months.
            from_: The first day to list.
            to: The last day to list.
            timezone_query: The time zone of the first and the last day.
        """
        return self.client.items('listMeetings', select_given(locals()), **(options or {}))

    def list_users_channels(self, *, user_id: str, options: CallSettings | None = None) -> Result[ChannelList]:
        """List the chat channels one user belongs to.

        Args:
            user_id: The user's ID, or "me" for the connected user.
        """
        return self.client.run('listUsersChannels', select_given(locals()), **(options or {}))

    def iter_list_users_channels(self, *, user_id: str, options: ListingSettings | None = None) -> Items[Channel]:
        """List the chat channels one user belongs to, one after another.

        Args:
            user_id: The user's ID, or "me" for the connected user.
        """
        return self.client.items('listUsersChannels', select_given(locals()), **(options or {}))

    def list_users_chat_messages(
        self,
        *,
        user_id: str,
        to_contact: str | Unset = UNSET,
        to_channel: str | Unset = UNSET,
        date: str | date | Unset = UNSET,
        from_: str | datetime | Unset = UNSET,
        to: str | datetime | Unset = UNSET,
        search_key: str | Unset = UNSET,
        search_type: Literal['message', 'file'] | Unset = UNSET,
        include_deleted_and_edited_message: bool | Unset = UNSET,
        exclude_child_message: bool | Unset = UNSET,
        download_file_formats: Literal['audio/mp4'] | Unset = UNSET,
        options: CallSettings | None = None,
    ) -> Result[MessageList]:
        """List what one user wrote and read in a channel or with a contact, or search all their chats.

        Args:
            user_id: The user's ID, or "me" for the connected user.
            to_contact: The email address, user ID or member ID of the person the user chatted with.
            to_channel: The ID of a channel the user took part in.
            date: The one day to list, today when no start is given either; it wins over From.
            from_: The moment to start at, in UTC and within the last six months.
            to: The moment to stop at, in UTC, today when left out.
            search_key: The words to search for, in all the user's chats when no contact or channel is given.
            search_type: Where to search for the words.
            include_deleted_and_edited_message: Tell about deleted and edited messages too, and which ones they are, but
                not in a search.
            exclude_child_message: Leave out replies and list only the messages that began a thread.
            download_file_formats: The format audio files are offered in, their own when left out.
        """
        return self.client.run('listUsersChatMessages', select_given(locals()), **(options or {}))

    def iter_list_users_chat_messages(
        self,
        *,
        user_id: str,
        to_contact: str | Unset = UNSET,
        to_channel: str | Unset = UNSET,
        date: str | date | Unset = UNSET,
        from_: str | datetime | Unset = UNSET,
        to: str | datetime | Unset = UNSET,
        search_key: str | Unset = UNSET,
        search_type: Literal['message', 'file'] | Unset = UNSET,
        include_deleted_and_edited_message: bool | Unset = UNSET,
        exclude_child_message: bool | Unset = UNSET,
        download_file_formats: Literal['audio/mp4'] | Unset = UNSET,
        options: ListingSettings | None = None,
    ) -> Items[Message]:
        """List what one user wrote and read in a channel or with a contact, or search all their chats, one after another.

        Args:
            user_id: The user's ID, or "me" for the connected user.
            to_contact: The email address, user ID or member ID of the person the user chatted with.
            to_channel: The ID of a channel the user took part in.
            date: The one day to list, today when no start is given either; it wins over From.
            from_: The moment to start at, in UTC and within the last six months.
            to: The moment to stop at, in UTC, today when left out.
            search_key: The words to search for, in all the user's chats when no contact or channel is given.
            search_type: Where to search for the words.
            include_deleted_and_edited_message: Tell about deleted and edited messages too, and which ones they are, but
                not in a search.
            exclude_child_message: Leave out replies and list only the messages that began a thread.
            download_file_formats: The format audio files are offered in, their own when left out.
        """
        return self.client.items('listUsersChatMessages', select_given(locals()), **(options or {}))

    def list_users(
        self,
        *,
        status: Literal['active', 'inactive', 'pending'] | Unset = UNSET,
        role_id: str | Unset = UNSET,
        license: Literal['zoom_workforce_management', 'zoom_compliance_management'] | str | Unset = UNSET,
        include_fields: Literal['custom_attributes', 'host_key'] | Unset = UNSET,
        options: CallSettings | None = None,
    ) -> Result[UserList]:
        """List the users of your Zoom account.

        Args:
            status: Which users to list.
            role_id: List only users who have this role.
            license: List only users who have this license.
            include_fields: One more thing to tell about each user.
        """
        return self.client.run('listUsers', select_given(locals()), **(options or {}))

    def iter_list_users(
        self,
        *,
        status: Literal['active', 'inactive', 'pending'] | Unset = UNSET,
        role_id: str | Unset = UNSET,
        license: Literal['zoom_workforce_management', 'zoom_compliance_management'] | str | Unset = UNSET,
        include_fields: Literal['custom_attributes', 'host_key'] | Unset = UNSET,
        options: ListingSettings | None = None,
    ) -> Items[User]:
        """List the users of your Zoom account, one after another.

        Args:
            status: Which users to list.
            role_id: List only users who have this role.
            license: List only users who have this license.
            include_fields: One more thing to tell about each user.
        """
        return self.client.items('listUsers', select_given(locals()), **(options or {}))

    def list_webinar_participants(
        self,
        *,
        webinar_id: str,
        options: CallSettings | None = None,
    ) -> Result[ParticipantList]:
        """List the people who attended a webinar that is over.

        Args:
            webinar_id: The webinar's number for the last time it was held, or its UUID for one particular time.
        """
        return self.client.run('listWebinarParticipants', select_given(locals()), **(options or {}))

    def iter_list_webinar_participants(
        self,
        *,
        webinar_id: str,
        options: ListingSettings | None = None,
    ) -> Items[Participant]:
        """List the people who attended a webinar that is over, one after another.

        Args:
            webinar_id: The webinar's number for the last time it was held, or its UUID for one particular time.
        """
        return self.client.items('listWebinarParticipants', select_given(locals()), **(options or {}))

    def list_webinar_registrants(
        self,
        *,
        webinar_id: str,
        occurrence_id_webinar_query: str | Unset = UNSET,
        registrant_status: Literal['pending', 'approved', 'denied'] | Unset = UNSET,
        tracking_source_id: str | Unset = UNSET,
        options: CallSettings | None = None,
    ) -> Result[RegistrantList]:
        """List the people who registered for a webinar.

        Args:
            webinar_id: The webinar's number, with or without spaces and hyphens.
            occurrence_id_webinar_query: List only who registered for this one time of a recurring webinar.
            registrant_status: Which registrations to list.
            tracking_source_id: List only who registered through the tracking link with this ID.
        """
        return self.client.run('listWebinarRegistrants', select_given(locals()), **(options or {}))

    def iter_list_webinar_registrants(
        self,
        *,
        webinar_id: str,
        occurrence_id_webinar_query: str | Unset = UNSET,
        registrant_status: Literal['pending', 'approved', 'denied'] | Unset = UNSET,
        tracking_source_id: str | Unset = UNSET,
        options: ListingSettings | None = None,
    ) -> Items[Registrant]:
        """List the people who registered for a webinar, one after another.

        Args:
            webinar_id: The webinar's number, with or without spaces and hyphens.
            occurrence_id_webinar_query: List only who registered for this one time of a recurring webinar.
            registrant_status: Which registrations to list.
            tracking_source_id: List only who registered through the tracking link with this ID.
        """
        return self.client.items('listWebinarRegistrants', select_given(locals()), **(options or {}))

    def list_webinars(
        self,
        *,
        user_id: str,
        type: Literal['scheduled', 'upcoming'] | Unset = UNSET,
        options: CallSettings | None = None,
    ) -> Result[WebinarList]:
        """List the webinars of one of your users.

        Args:
            user_id: The host's user ID or email address, or "me" for the connected user.
            type: Which webinars to list, the scheduled ones when not said.
        """
        return self.client.run('listWebinars', select_given(locals()), **(options or {}))

    def iter_list_webinars(
        self,
        *,
        user_id: str,
        type: Literal['scheduled', 'upcoming'] | Unset = UNSET,
        options: ListingSettings | None = None,
    ) -> Items[Webinar]:
        """List the webinars of one of your users, one after another.

        Args:
            user_id: The host's user ID or email address, or "me" for the connected user.
            type: Which webinars to list, the scheduled ones when not said.
        """
        return self.client.items('listWebinars', select_given(locals()), **(options or {}))

    def raw_request(
        self,
        *,
        method: str,
        url: str,
        query_params: Mapping[str, Any] | Sequence[Any] | Unset = UNSET,
        headers: Mapping[str, Any] | Sequence[Any] | Unset = UNSET,
        data: str | Unset = UNSET,
        form_data: Mapping[str, Any] | Sequence[Any] | Unset = UNSET,
        file_data: Mapping[str, Any] | Sequence[Any] | Unset = UNSET,
        file_data_file_names: Mapping[str, Any] | Sequence[Any] | Unset = UNSET,
        response_type: Literal['json', 'text', 'binary', 'document'] | Unset = UNSET,
        timeout: int | Unset = UNSET,
        max_retries: int | Unset = UNSET,
        retry_delay_ms: int | Unset = UNSET,
        use_exponential_backoff: bool | Unset = UNSET,
        retry_all_errors: bool | Unset = UNSET,
        options: CallSettings | None = None,
    ) -> Result[Any]:
        """Send any request to Zoom that has no action of its own.

        Args:
            method: The HTTP method.
            url: The path below https://api.zoom.us/v2, beginning with / and already encoded.
            query_params: Parameters of the query, such as key1=value1.
            headers: Headers to send along; those that the connection and the transport set are refused.
            data: The body; text that is JSON goes out as JSON unless a Content-Type header says otherwise.
            form_data: Fields of a multipart form.
            file_data: Files of a multipart form, by key.
            file_data_file_names: Names for the files; each key is one of the keys of File Data.
            response_type: What to expect of the answer.
            timeout: How long to wait for an answer to one attempt, in milliseconds.
            max_retries: How often to try again; 0 for never.
            retry_delay_ms: How long to wait between attempts, in milliseconds, without exponential backoff.
            use_exponential_backoff: Wait longer after each attempt; the retry delay is then ignored.
            retry_all_errors: Try again after every error, even where it may be done twice; else only where that is
                safe.
        """
        return self.client.run('rawRequest', select_given(locals()), **(options or {}))

    def update_meeting(
        self,
        *,
        meeting_id: str,
        occurrence_id_query: str | Unset = UNSET,
        schedule_for: str | None | Unset = UNSET,
        topic: str | None | Unset = UNSET,
        agenda: str | None | Unset = UNSET,
        meeting_type: Literal[1, 2, 3, 8, 10] | None | Unset = UNSET,
        template_id: str | None | Unset = UNSET,
        password: str | None | Unset = UNSET,
        pre_schedule: bool | None | Unset = UNSET,
        start_time: str | datetime | None | Unset = UNSET,
        timezone: str | None | Unset = UNSET,
        duration: int | None | Unset = UNSET,
        recurrence: Literal[1, 2, 3] | None | Unset = UNSET,
        repeat_interval: int | None | Unset = UNSET,
        weekly_day: Sequence[Literal[1, 2, 3, 4, 5, 6, 7]] | str | None | Unset = UNSET,
        monthly_day: int | None | Unset = UNSET,
        monthly_week: Literal[-1, 1, 2, 3, 4] | None | Unset = UNSET,
        monthly_week_day: Literal[1, 2, 3, 4, 5, 6, 7] | None | Unset = UNSET,
        end_times: int | None | Unset = UNSET,
        end_date_time: str | datetime | None | Unset = UNSET,
        host_video: bool | None | Unset = UNSET,
        participant_video: bool | None | Unset = UNSET,
        join_before_host: bool | None | Unset = UNSET,
        mute_upon_entry: bool | None | Unset = UNSET,
        use_pmi: bool | None | Unset = UNSET,
        audio: Literal['both', 'telephony', 'voip', 'thirdParty'] | None | Unset = UNSET,
        available_dial_in_countries: Sequence[str] | None | Unset = UNSET,
        watermark: bool | None | Unset = UNSET,
        waiting_room: bool | None | Unset = UNSET,
        alternative_hosts: Sequence[str] | str | None | Unset = UNSET,
        meeting_authentication: bool | None | Unset = UNSET,
        encryption_type: Literal['enhanced_encryption', 'e2ee'] | None | Unset = UNSET,
        question_and_answer: Mapping[str, Any] | None | Unset = UNSET,
        auto_recording: Literal['none', 'local', 'cloud'] | None | Unset = UNSET,
        approval_type: Literal[0, 1, 2] | None | Unset = UNSET,
        registration_type: Literal[1, 2, 3] | None | Unset = UNSET,
        registration_email_notifications: bool | None | Unset = UNSET,
        tracking_fields: Sequence[Any] | None | Unset = UNSET,
        settings_extra_fields: Mapping[str, Any] | None | Unset = UNSET,
        options: CallSettings | None = None,
    ) -> Result[dict[str, Any]]:
        """Change what you name of a meeting, a series or one of its times, and leave the rest.

        Args:
            meeting_id: The meeting's number, with or without spaces and hyphens.
            occurrence_id_query: Which one of a recurring meeting's times to change, leaving the others as they are.
            schedule_for: The user ID or email address of the person the meeting is scheduled for.
            topic: What the meeting is called.
            agenda: What the meeting is about.
            meeting_type: Happens now, at a set time, or again and again.
            template_id: The account's meeting template to follow.
            password: The passcode people need to join.
            pre_schedule: Make it a prescheduled meeting of the Google Workspace app.
            start_time: When the meeting starts, in UTC (ending in Z) or in the time zone below; a time in the past
                changes nothing.
            timezone: The time zone of a start time without Z; one that ends in Z is in UTC, whatever stands here.
            duration: How long the meeting lasts, in minutes.
            recurrence: How often the meeting repeats; needed whenever its times of repeating change.
            repeat_interval: Repeat every this many days (up to 99), weeks (up to 50) or months (up to 10).
            weekly_day: The days of the week on which a weekly meeting takes place.
            monthly_day: Day of the month of a monthly meeting.
            monthly_week: Week of the month of a monthly meeting, together with Monthly Week Day.
            monthly_week_day: Day of that week, together with Monthly Week.
            end_times: How many times the meeting takes place, at most 60, or 0 for no end.
            end_date_time: The last day the meeting repeats, in UTC.
            host_video: Turn the host's video on when the meeting starts.
            participant_video: Turn participants' video on when they join.
            join_before_host: Let people join before the host, unless there is a waiting room.
            mute_upon_entry: Mute people when they join.
            use_pmi: Use the host's personal meeting ID instead of a new one.
            audio: How people hear the meeting.
            available_dial_in_countries: Countries with a local number to call, as two-letter codes.
            watermark: Show a watermark over shared screens.
            waiting_room: Let people wait until the host lets them in; nobody then joins before the host.
            alternative_hosts: The email addresses or user IDs of people who may host the meeting instead.
            meeting_authentication: Let in only people who are signed in to Zoom.
            encryption_type: How the meeting is encrypted; end to end switches off recording in the cloud, dialling in
                and more.
            question_and_answer: The settings of questions and answers, by Zoom's own names.
            auto_recording: Where to record the meeting, if anywhere.
            approval_type: How people who register are let in.
            registration_type: How often people register for a recurring meeting with a fixed time.
            registration_email_notifications: Email people when their registration is approved, cancelled or declined.
            tracking_fields: The account's tracking fields and their values.
            settings_extra_fields: Any other meeting setting Zoom knows, by Zoom's own name.
        """
        return self.client.run('updateMeeting', select_given(locals()), **(options or {}))

    def update_user(
        self,
        *,
        user_id: str,
        login_type: Literal[0, 1, 11, 21, 23, 24, 27, 97, 98, 99, 100, 101] | Unset = UNSET,
        first_name: str | None | Unset = UNSET,
        last_name: str | None | Unset = UNSET,
        display_name: str | None | Unset = UNSET,
        pronouns: str | None | Unset = UNSET,
        pronouns_option: Literal[1, 2, 3] | None | Unset = UNSET,
        about_me: str | None | Unset = UNSET,
        linkedin_url: str | None | Unset = UNSET,
        phone_numbers: Sequence[Any] | None | Unset = UNSET,
        company: str | None | Unset = UNSET,
        dept: str | None | Unset = UNSET,
        job_title: str | None | Unset = UNSET,
        division_ids: Sequence[str] | None | Unset = UNSET,
        cost_center: str | None | Unset = UNSET,
        manager: str | None | Unset = UNSET,
        location: str | None | Unset = UNSET,
        timezone: str | None | Unset = UNSET,
        language: str | None | Unset = UNSET,
        group_id: str | None | Unset = UNSET,
        custom_attributes: Sequence[Any] | None | Unset = UNSET,
        pmi: int | None | Unset = UNSET,
        use_pmi: bool | None | Unset = UNSET,
        vanity_name: str | None | Unset = UNSET,
        host_key: str | None | Unset = UNSET,
        user_type: Literal[1, 2, 4] | int | None | Unset = UNSET,
        plan_united_type_update: Literal['none', '1', '2', '4', '8', '16', '32', '64', '128', '256', '512', '1024', '2048', '4096', '8192', '16384', '32768', '65536', '131072'] | str | None | Unset = UNSET,
        zoom_one_type_update: Literal[0, 16, 32, 64, 128, 33554432, 134217728, 268435456, 536870912, 1073741824, 4398046511104, 4294967296, 8589934592, 17179869184, 34359738368, 68719476736, 137438953472, 274877906944, 549755813888, 1099511627776, 2199023255552, 18014398509481984, 72057594037927936, 144115188075855872, 576460752303423488] | int | None | Unset = UNSET,
        zoom_phone: bool | None | Unset = UNSET,
        license_info_list: Sequence[Any] | None | Unset = UNSET,
        cms_user_id: str | None | Unset = UNSET,
        remove_tsp_credentials: bool | Unset = UNSET,
        options: CallSettings | None = None,
    ) -> Result[dict[str, Any]]:
        """Change a user's profile, license or settings; what is not given stays as it is.

        Args:
            user_id: The user's ID or email address, or "me" for the connected user.
            login_type: Which sign-in to change when the user has several.
            first_name: The user's given name.
            last_name: The user's family name.
            display_name: The name other people see; left empty, Zoom makes it from first and last name.
            pronouns: The pronouns the user goes by.
            pronouns_option: When the pronouns are shown in meetings and webinars.
            about_me: A few words of the user's own, without links or HTML.
            linkedin_url: The link to the user's LinkedIn profile, which must lead to linkedin.com.
            phone_numbers: Up to three numbers, each with code, country, number and a label of Mobile, Office, Home or
                Fax.
            company: The company the user works for.
            dept: The department the user works in, whatever the label says.
            job_title: What the user does for work.
            division_ids: The division of the account that the user belongs to; Zoom takes one.
            cost_center: The cost center that the user is booked on.
            manager: The email address or display name of the user's manager, who is on the same account.
            location: Where the user works.
            timezone: The time zone the user's meetings are planned in.
            language: The language Zoom uses with the user.
            group_id: The group to put a user in who has not accepted the invitation yet.
            custom_attributes: Up to five of the account's custom attributes, each with key, name and value.
            pmi: The ten-digit ID of the user's personal meeting room.
            use_pmi: Start the user's instant meetings in the personal meeting room.
            vanity_name: The personal name at the end of the meeting room's link.
            host_key: The six to ten digits that make somebody in the meeting its host.
            user_type: The kind of meetings license, changed in a call of its own.
            plan_united_type_update: The Zoom United bundle, changed in a call of its own.
            zoom_one_type_update: The Zoom Workplace plan (once called Zoom One), changed in a call of its own.
            zoom_phone: Give the user Zoom Phone, or take it away together with all their numbers and desk phones.
            license_info_list: The licenses by type, option and subscription, for an account with several subscriptions.
            cms_user_id: The user's ID at Kaltura.
            remove_tsp_credentials: Forget the user's sign-in at the outside company that provides the meeting phone
                lines.
        """
        return self.client.run('updateUser', select_given(locals()), **(options or {}))


class AsyncZoom:
    """Zoom: every action is a method, awaited."""

    def __init__(self, client: AsyncClient) -> None:
        self.client = client

    async def add_meeting_registrant(
        self,
        *,
        meeting_id: str,
        email: str,
        first_name: str,
        last_name: str,
        ocurrence_ids: Sequence[str] | str | Unset = UNSET,
        auto_approve: bool | None | Unset = UNSET,
        language: Literal['en-US', 'de-DE', 'es-ES', 'fr-FR', 'jp-JP', 'pt-PT', 'ru-RU', 'zh-CN', 'zh-TW', 'ko-KO', 'it-IT', 'vi-VN', 'pl-PL', 'Tr-TR'] | None | Unset = UNSET,
        phone: str | None | Unset = UNSET,
        address: str | None | Unset = UNSET,
        city: str | None | Unset = UNSET,
        state: str | None | Unset = UNSET,
        zip: str | None | Unset = UNSET,
        country: str | None | Unset = UNSET,
        org: str | None | Unset = UNSET,
        job_title: str | None | Unset = UNSET,
        industry: str | None | Unset = UNSET,
        number_of_employees: Literal['', '1-20', '21-50', '51-100', '101-500', '500-1,000', '1,001-5,000', '5,001-10,000', 'More than 10,000'] | str | None | Unset = UNSET,
        purchasing_time_frame: Literal['', 'Within a month', '1-3 months', '4-6 months', 'More than 6 months', 'No timeframe'] | None | Unset = UNSET,
        role_in_purchase_process: Literal['', 'Decision Maker', 'Evaluator/Recommender', 'Influencer', 'Not involved'] | None | Unset = UNSET,
        comments: str | None | Unset = UNSET,
        custom_questions: Sequence[Any] | None | Unset = UNSET,
        options: CallSettings | None = None,
    ) -> Result[Registration]:
        """Register somebody for a meeting.

        Args:
            meeting_id: The meeting's number, with or without spaces and hyphens.
            email: The person's email address, to which Zoom sends the confirmation.
            first_name: The person's given name.
            last_name: The person's family name.
            ocurrence_ids: The times of a recurring meeting to register for, by occurrence ID, separated by commas.
            auto_approve: Let this person in at once although the meeting's host approves people by hand.
            language: The language of the confirmation email.
            phone: A number to call the person on.
            address: The person's street and house number.
            city: The city or town of that address.
            state: The state or province of that address.
            zip: The postal code of that address.
            country: The country of that address, as a two-letter code.
            org: The company or group the person belongs to.
            job_title: What the person does there.
            industry: The line of business they work in.
            number_of_employees: How many people work at their company.
            purchasing_time_frame: How soon they mean to buy.
            role_in_purchase_process: What part the person plays when their company buys something.
            comments: Anything the person wants to ask or tell the host.
            custom_questions: Answers to the host's own questions, each with the question's title and a value of at most
                128 characters.
        """
        return await self.client.run('addMeetingRegistrant', select_given(locals()), **(options or {}))

    async def add_webinar_registrant(
        self,
        *,
        webinar_id: str,
        email: str,
        first_name: str,
        last_name: str,
        ocurrence_ids: Sequence[str] | str | Unset = UNSET,
        source_id: str | None | Unset = UNSET,
        language: Literal['en-US', 'de-DE', 'es-ES', 'fr-FR', 'jp-JP', 'pt-PT', 'ru-RU', 'zh-CN', 'zh-TW', 'ko-KO', 'it-IT', 'vi-VN', 'pl-PL', 'Tr-TR'] | None | Unset = UNSET,
        phone: str | None | Unset = UNSET,
        address: str | None | Unset = UNSET,
        city: str | None | Unset = UNSET,
        state: str | None | Unset = UNSET,
        zip: str | None | Unset = UNSET,
        country: str | None | Unset = UNSET,
        org: str | None | Unset = UNSET,
        job_title: str | None | Unset = UNSET,
        industry: str | None | Unset = UNSET,
        number_of_employees: Literal['', '1-20', '21-50', '51-100', '101-500', '500-1,000', '1,001-5,000', '5,001-10,000', 'More than 10,000'] | str | None | Unset = UNSET,
        purchasing_time_frame: Literal['', 'Within a month', '1-3 months', '4-6 months', 'More than 6 months', 'No timeframe'] | None | Unset = UNSET,
        role_in_purchase_process: Literal['', 'Decision Maker', 'Evaluator/Recommender', 'Influencer', 'Not involved'] | None | Unset = UNSET,
        comments: str | None | Unset = UNSET,
        custom_questions: Sequence[Any] | None | Unset = UNSET,
        options: CallSettings | None = None,
    ) -> Result[Registration]:
        """Register somebody for a webinar.

        Args:
            webinar_id: The webinar's number, with or without spaces and hyphens.
            email: The person's email address, to which Zoom sends the confirmation.
            first_name: The person's given name.
            last_name: The person's family name.
            ocurrence_ids: The times of a recurring webinar to register for, by occurrence ID, separated by commas.
            source_id: The ID of the tracking link through which the person found the webinar.
            language: The language of the confirmation email, where the webinar's emails follow the reader's language.
            phone: A number to call the person on.
            address: The person's street and house number.
            city: The city or town of that address.
            state: The state or province of that address.
            zip: The postal code of that address.
            country: The country of that address, as a two-letter code.
            org: The company or group the person belongs to.
            job_title: What the person does there.
            industry: The line of business they work in.
            number_of_employees: How many people work at their company.
            purchasing_time_frame: How soon they mean to buy.
            role_in_purchase_process: What part the person plays when their company buys something.
            comments: Anything the person wants to ask or tell the host.
            custom_questions: Answers to the host's own questions, each with the question's title and a value of at most
                128 characters.
        """
        return await self.client.run('addWebinarRegistrant', select_given(locals()), **(options or {}))

    async def create_meeting(
        self,
        *,
        user_id: str,
        schedule_for: str | None | Unset = UNSET,
        topic: str | None | Unset = UNSET,
        agenda: str | None | Unset = UNSET,
        meeting_type: Literal[1, 2, 3, 8, 10] | None | Unset = UNSET,
        template_id: str | None | Unset = UNSET,
        password: str | None | Unset = UNSET,
        default_password: bool | None | Unset = UNSET,
        pre_schedule: bool | None | Unset = UNSET,
        start_time: str | datetime | None | Unset = UNSET,
        timezone: str | None | Unset = UNSET,
        duration: int | None | Unset = UNSET,
        recurrence: Literal[1, 2, 3] | None | Unset = UNSET,
        repeat_interval: int | None | Unset = UNSET,
        weekly_day: Sequence[Literal[1, 2, 3, 4, 5, 6, 7]] | str | None | Unset = UNSET,
        monthly_day: int | None | Unset = UNSET,
        monthly_week: Literal[-1, 1, 2, 3, 4] | None | Unset = UNSET,
        monthly_week_day: Literal[1, 2, 3, 4, 5, 6, 7] | None | Unset = UNSET,
        end_times: int | None | Unset = UNSET,
        end_date_time: str | datetime | None | Unset = UNSET,
        host_video: bool | None | Unset = UNSET,
        participant_video: bool | None | Unset = UNSET,
        join_before_host: bool | None | Unset = UNSET,
        mute_upon_entry: bool | None | Unset = UNSET,
        use_pmi: bool | None | Unset = UNSET,
        audio: Literal['both', 'telephony', 'voip', 'thirdParty'] | None | Unset = UNSET,
        available_dial_in_countries: Sequence[str] | None | Unset = UNSET,
        watermark: bool | None | Unset = UNSET,
        waiting_room: bool | None | Unset = UNSET,
        alternative_hosts: Sequence[str] | str | None | Unset = UNSET,
        meeting_authentication: bool | None | Unset = UNSET,
        encryption_type: Literal['enhanced_encryption', 'e2ee'] | None | Unset = UNSET,
        question_and_answer: Mapping[str, Any] | None | Unset = UNSET,
        auto_recording: Literal['none', 'local', 'cloud'] | None | Unset = UNSET,
        approval_type: Literal[0, 1, 2] | None | Unset = UNSET,
        registration_type: Literal[1, 2, 3] | None | Unset = UNSET,
        registration_email_notifications: bool | None | Unset = UNSET,
        tracking_fields: Sequence[Any] | None | Unset = UNSET,
        settings_extra_fields: Mapping[str, Any] | None | Unset = UNSET,
        options: CallSettings | None = None,
    ) -> Result[Meeting]:
        """Schedule or start a meeting hosted by one of your users.

        Args:
            user_id: The host's user ID or email address, or "me" for the connected user.
            schedule_for: The user ID or email address of the person to schedule the meeting for.
            topic: What the meeting is called.
            agenda: What the meeting is about.
            meeting_type: Happens now, at a set time, or again and again.
            template_id: The account's meeting template to start from.
            password: The passcode people need to join.
            default_password: Make a passcode from the user's settings when none is given.
            pre_schedule: Create a prescheduled meeting through the Google Workspace app.
            start_time: When the meeting starts, in UTC (ending in Z) or in the time zone below.
            timezone: The time zone of a start time without Z; one that ends in Z is in UTC, whatever stands here.
            duration: How long the meeting lasts, in minutes.
            recurrence: How often the meeting repeats.
            repeat_interval: Repeat every this many days (up to 99), weeks (up to 50) or months (up to 10).
            weekly_day: The days of the week on which a weekly meeting takes place.
            monthly_day: Day of the month of a monthly meeting.
            monthly_week: Week of the month of a monthly meeting, together with Monthly Week Day.
            monthly_week_day: Day of that week, together with Monthly Week.
            end_times: How many times the meeting takes place, at most 60, or 0 for no end.
            end_date_time: The last day the meeting repeats, in UTC.
            host_video: Turn the host's video on when the meeting starts.
            participant_video: Turn participants' video on when they join.
            join_before_host: Let people join before the host, unless there is a waiting room.
            mute_upon_entry: Mute people when they join.
            use_pmi: Use the host's personal meeting ID instead of a new one.
            audio: How people hear the meeting.
            available_dial_in_countries: Countries with a local number to call, as two-letter codes.
            watermark: Show a watermark over shared screens.
            waiting_room: Let people wait until the host lets them in; nobody then joins before the host.
            alternative_hosts: The email addresses or user IDs of people who may host the meeting instead.
            meeting_authentication: Let in only people who are signed in to Zoom.
            encryption_type: How the meeting is encrypted; end to end switches off recording in the cloud, dialling in
                and more.
            question_and_answer: The settings of questions and answers, by Zoom's own names.
            auto_recording: Where to record the meeting, if anywhere.
            approval_type: How people who register are let in.
            registration_type: How often people register for a recurring meeting with a fixed time.
            registration_email_notifications: Email people when their registration is approved, cancelled or declined.
            tracking_fields: The account's tracking fields and their values.
            settings_extra_fields: Any other meeting setting Zoom knows, by Zoom's own name.
        """
        return await self.client.run('createMeeting', select_given(locals()), **(options or {}))

    async def create_user(
        self,
        *,
        email: str,
        first_name: str,
        last_name: str,
        user_type: Literal[1, 2, 4] | int,
        action: Literal['create', 'autoCreate', 'custCreate', 'ssoCreate'] | None | Unset = UNSET,
        display_name: str | None | Unset = UNSET,
        password: str | None | Unset = UNSET,
        plan_united_type: Literal['1', '2', '4', '8', '16', '32', '64', '128', '256', '512', '1024', '2048', '4096', '8192', '16384', '32768', '65536', '131072'] | str | None | Unset = UNSET,
        zoom_one_type: Literal[16, 32, 64, 128, 33554432, 134217728, 268435456, 536870912, 1073741824, 4398046511104, 4294967296, 8589934592, 17179869184, 34359738368, 68719476736, 137438953472, 274877906944, 549755813888, 1099511627776, 2199023255552, 18014398509481984, 72057594037927936, 144115188075855872, 576460752303423488] | int | None | Unset = UNSET,
        zoom_phone: bool | None | Unset = UNSET,
        license_info_list: Sequence[Any] | None | Unset = UNSET,
        division_ids: Sequence[str] | None | Unset = UNSET,
        options: CallSettings | None = None,
    ) -> Result[CreatedUser]:
        """Add a person to your Zoom account.

        Args:
            email: The person's email address, not yet used on Zoom by someone else.
            first_name: The person's first name.
            last_name: The person's last name.
            user_type: The kind of meetings license the person gets.
            action: How the person joins the account and signs in.
            display_name: The name other people see in meetings.
            password: A first password with upper and lower case letters and a digit, only for autoCreate.
            plan_united_type: The Zoom United bundle the person gets, if your account has one.
            zoom_one_type: The Zoom Workplace plan (once called Zoom One) the person gets, if your account has one.
            zoom_phone: Give the person Zoom Phone, if a license is free.
            license_info_list: The licenses by type, option and subscription, for an account with several subscriptions.
            division_ids: The division of the account that the user belongs to; Zoom takes one.
        """
        return await self.client.run('createUser', select_given(locals()), **(options or {}))

    async def delete_user(
        self,
        *,
        user_id: str,
        encrypted_email: bool | Unset = UNSET,
        action: Literal['disassociate', 'delete'] | Unset = UNSET,
        transfer_email: str | Unset = UNSET,
        transfer_meeting: bool | Unset = UNSET,
        transfer_webinar: bool | Unset = UNSET,
        transfer_recording: bool | Unset = UNSET,
        transfer_whiteboard: bool | Unset = UNSET,
        transfer_clipfiles: bool | Unset = UNSET,
        transfer_docs: bool | Unset = UNSET,
        transfer_notes: bool | Unset = UNSET,
        transfer_visitors: bool | Unset = UNSET,
        options: CallSettings | None = None,
    ) -> Result[dict[str, Any]]:
        """Unlink a user from your account, or delete the user for good.

        Args:
            user_id: The ID or email address of the user who leaves.
            encrypted_email: Say that the user is named by an encrypted email address.
            action: Whether the user keeps a free Zoom account or loses it for good.
            transfer_email: The email address of the user who takes over what is handed on, needed for users of Zoom
                Events.
            transfer_meeting: Hand on the user's meetings.
            transfer_webinar: Hand on the user's webinars.
            transfer_recording: Hand on the user's cloud recordings.
            transfer_whiteboard: Hand on the user's whiteboards.
            transfer_clipfiles: Hand on the user's clips.
            transfer_docs: Hand on the user's documents.
            transfer_notes: Hand on the user's notes.
            transfer_visitors: Hand on the visitors whom the user invited.
        """
        return await self.client.run('deleteUser', select_given(locals()), **(options or {}))

    async def get_meeting_invitation(
        self,
        *,
        meeting_id: str,
        options: CallSettings | None = None,
    ) -> Result[Invitation]:
        """Read the invitation text of a meeting, ready to pass on.

        Args:
            meeting_id: The meeting's number, with or without spaces and hyphens.
        """
        return await self.client.run('getMeetingInvitation', select_given(locals()), **(options or {}))

    async def get_meeting_recordings(
        self,
        *,
        meeting_id: str,
        include_fields: Literal['download_access_token'] | Unset = UNSET,
        ttl: int | Unset = UNSET,
        options: CallSettings | None = None,
    ) -> Result[Recording]:
        """Get the cloud recordings of one meeting or webinar, with links to the files.

        Args:
            meeting_id: The meeting's ID for its latest session, or the UUID of any session.
            include_fields: One more thing to tell about the recordings.
            ttl: How many seconds the download token stays valid, seven days at most.
        """
        return await self.client.run('getMeetingRecordings', select_given(locals()), **(options or {}))

    async def get_meeting(
        self,
        *,
        meeting_id: str,
        ocurrence_id: str | Unset = UNSET,
        show_previous_occurrences: bool | Unset = UNSET,
        options: CallSettings | None = None,
    ) -> Result[Meeting]:
        """Read one meeting with its settings and its times.

        Args:
            meeting_id: The meeting's number, with or without spaces and hyphens.
            ocurrence_id: Which one of a recurring meeting's times to read.
            show_previous_occurrences: Include the times of a recurring meeting that are already over.
        """
        return await self.client.run('getMeeting', select_given(locals()), **(options or {}))

    async def get_phone_recordings(
        self,
        *,
        user_id: str,
        from_: str | date | Unset = UNSET,
        to: str | date | Unset = UNSET,
        options: CallSettings | None = None,
    ) -> Result[PhoneRecordingList]:
        """List the recorded Zoom Phone calls of one user.

        Args:
            user_id: The user's ID or email address, or "me" for the connected user.
            from_: The first day, or the first moment in UTC, within the last six months; the last 30 days when left
                out.
            to: The last day, or the last moment in UTC, at most a month after the first and written like it.
        """
        return await self.client.run('getPhoneRecordings', select_given(locals()), **(options or {}))

    def iter_get_phone_recordings(
        self,
        *,
        user_id: str,
        from_: str | date | Unset = UNSET,
        to: str | date | Unset = UNSET,
        options: ListingSettings | None = None,
    ) -> AsyncItems[PhoneRecording]:
        """List the recorded Zoom Phone calls of one user, one after another.

        Args:
            user_id: The user's ID or email address, or "me" for the connected user.
            from_: The first day, or the first moment in UTC, within the last six months; the last 30 days when left
                out.
            to: The last day, or the last moment in UTC, at most a month after the first and written like it.
        """
        return self.client.items('getPhoneRecordings', select_given(locals()), **(options or {}))

    async def get_user(
        self,
        *,
        user_id: str,
        encrypted_email: bool | Unset = UNSET,
        search_by_unique_id: bool | Unset = UNSET,
        login_type: Literal[0, 1, 11, 21, 23, 24, 27, 97, 98, 99, 100, 101] | Unset = UNSET,
        options: CallSettings | None = None,
    ) -> Result[User]:
        """Look up one user's profile, license and settings.

        Args:
            user_id: The user's ID or email address, or "me" for the connected user.
            encrypted_email: Say that the user is named by an encrypted email address.
            search_by_unique_id: Say that the user is named by an employee ID of your company.
            login_type: Which sign-in to look at when the user has several.
        """
        return await self.client.run('getUser', select_given(locals()), **(options or {}))

    async def get_webinar(
        self,
        *,
        webinar_id: str,
        occurrence_id_webinar: str | Unset = UNSET,
        show_previous_occurrences_webinar: bool | Unset = UNSET,
        options: CallSettings | None = None,
    ) -> Result[Webinar]:
        """Look up a webinar and its settings.

        Args:
            webinar_id: The webinar's number or its UUID.
            occurrence_id_webinar: Look up only this one time of a recurring webinar.
            show_previous_occurrences_webinar: Tell about the times that are over as well.
        """
        return await self.client.run('getWebinar', select_given(locals()), **(options or {}))

    async def list_meeting_registrants(
        self,
        *,
        meeting_id: str,
        ocurrence_id: str | Unset = UNSET,
        status: Literal['pending', 'approved', 'denied'] | Unset = UNSET,
        options: CallSettings | None = None,
    ) -> Result[RegistrantList]:
        """List the people who registered for a meeting.

        Args:
            meeting_id: The meeting's number, with or without spaces and hyphens.
            ocurrence_id: List only who registered for this one time of a recurring meeting.
            status: Which registrations to list.
        """
        return await self.client.run('listMeetingRegistrants', select_given(locals()), **(options or {}))

    def iter_list_meeting_registrants(
        self,
        *,
        meeting_id: str,
        ocurrence_id: str | Unset = UNSET,
        status: Literal['pending', 'approved', 'denied'] | Unset = UNSET,
        options: ListingSettings | None = None,
    ) -> AsyncItems[Registrant]:
        """List the people who registered for a meeting, one after another.

        Args:
            meeting_id: The meeting's number, with or without spaces and hyphens.
            ocurrence_id: List only who registered for this one time of a recurring meeting.
            status: Which registrations to list.
        """
        return self.client.items('listMeetingRegistrants', select_given(locals()), **(options or {}))

    async def list_meetings(
        self,
        *,
        user_id: str,
        type_of_meeting: Literal['scheduled', 'live', 'upcoming', 'upcoming_meetings', 'previous_meetings'] | Unset = UNSET,
        from_: str | date | Unset = UNSET,
        to: str | date | Unset = UNSET,
        timezone_query: str | Unset = UNSET,
        options: CallSettings | None = None,
    ) -> Result[MeetingList]:
        """List the meetings a user has scheduled.

        Args:
            user_id: The host's user ID or email address, or "me" for the connected user.
            type_of_meeting: Which meetings to list; past and coming ones reach at most six months.
            from_: The first day to list.
            to: The last day to list.
            timezone_query: The time zone of the first and the last day.
        """
        return await self.client.run('listMeetings', select_given(locals()), **(options or {}))

    def iter_list_meetings(
        self,
        *,
        user_id: str,
        type_of_meeting: Literal['scheduled', 'live', 'upcoming', 'upcoming_meetings', 'previous_meetings'] | Unset = UNSET,
        from_: str | date | Unset = UNSET,
        to: str | date | Unset = UNSET,
        timezone_query: str | Unset = UNSET,
        options: ListingSettings | None = None,
    ) -> AsyncItems[Meeting]:
        """List the meetings a user has scheduled, one after another.

        Args:
            user_id: The host's user ID or email address, or "me" for the connected user.
            type_of_meeting: Which meetings to list; past and coming ones reach at most six months.
            from_: The first day to list.
            to: The last day to list.
            timezone_query: The time zone of the first and the last day.
        """
        return self.client.items('listMeetings', select_given(locals()), **(options or {}))

    async def list_users_channels(self, *, user_id: str, options: CallSettings | None = None) -> Result[ChannelList]:
        """List the chat channels one user belongs to.

        Args:
            user_id: The user's ID, or "me" for the connected user.
        """
        return await self.client.run('listUsersChannels', select_given(locals()), **(options or {}))

    def iter_list_users_channels(self, *, user_id: str, options: ListingSettings | None = None) -> AsyncItems[Channel]:
        """List the chat channels one user belongs to, one after another.

        Args:
            user_id: The user's ID, or "me" for the connected user.
        """
        return self.client.items('listUsersChannels', select_given(locals()), **(options or {}))

    async def list_users_chat_messages(
        self,
        *,
        user_id: str,
        to_contact: str | Unset = UNSET,
        to_channel: str | Unset = UNSET,
        date: str | date | Unset = UNSET,
        from_: str | datetime | Unset = UNSET,
        to: str | datetime | Unset = UNSET,
        search_key: str | Unset = UNSET,
        search_type: Literal['message', 'file'] | Unset = UNSET,
        include_deleted_and_edited_message: bool | Unset = UNSET,
        exclude_child_message: bool | Unset = UNSET,
        download_file_formats: Literal['audio/mp4'] | Unset = UNSET,
        options: CallSettings | None = None,
    ) -> Result[MessageList]:
        """List what one user wrote and read in a channel or with a contact, or search all their chats.

        Args:
            user_id: The user's ID, or "me" for the connected user.
            to_contact: The email address, user ID or member ID of the person the user chatted with.
            to_channel: The ID of a channel the user took part in.
            date: The one day to list, today when no start is given either; it wins over From.
            from_: The moment to start at, in UTC and within the last six months.
            to: The moment to stop at, in UTC, today when left out.
            search_key: The words to search for, in all the user's chats when no contact or channel is given.
            search_type: Where to search for the words.
            include_deleted_and_edited_message: Tell about deleted and edited messages too, and which ones they are, but
                not in a search.
            exclude_child_message: Leave out replies and list only the messages that began a thread.
            download_file_formats: The format audio files are offered in, their own when left out.
        """
        return await self.client.run('listUsersChatMessages', select_given(locals()), **(options or {}))

    def iter_list_users_chat_messages(
        self,
        *,
        user_id: str,
        to_contact: str | Unset = UNSET,
        to_channel: str | Unset = UNSET,
        date: str | date | Unset = UNSET,
        from_: str | datetime | Unset = UNSET,
        to: str | datetime | Unset = UNSET,
        search_key: str | Unset = UNSET,
        search_type: Literal['message', 'file'] | Unset = UNSET,
        include_deleted_and_edited_message: bool | Unset = UNSET,
        exclude_child_message: bool | Unset = UNSET,
        download_file_formats: Literal['audio/mp4'] | Unset = UNSET,
        options: ListingSettings | None = None,
    ) -> AsyncItems[Message]:
        """List what one user wrote and read in a channel or with a contact, or search all their chats, one after another.

        Args:
            user_id: The user's ID, or "me" for the connected user.
            to_contact: The email address, user ID or member ID of the person the user chatted with.
            to_channel: The ID of a channel the user took part in.
            date: The one day to list, today when no start is given either; it wins over From.
            from_: The moment to start at, in UTC and within the last six months.
            to: The moment to stop at, in UTC, today when left out.
            search_key: The words to search for, in all the user's chats when no contact or channel is given.
            search_type: Where to search for the words.
            include_deleted_and_edited_message: Tell about deleted and edited messages too, and which ones they are, but
                not in a search.
            exclude_child_message: Leave out replies and list only the messages that began a thread.
            download_file_formats: The format audio files are offered in, their own when left out.
        """
        return self.client.items('listUsersChatMessages', select_given(locals()), **(options or {}))

    async def list_users(
        self,
        *,
        status: Literal['active', 'inactive', 'pending'] | Unset = UNSET,
        role_id: str | Unset = UNSET,
        license: Literal['zoom_workforce_management', 'zoom_compliance_management'] | str | Unset = UNSET,
        include_fields: Literal['custom_attributes', 'host_key'] | Unset = UNSET,
        options: CallSettings | None = None,
    ) -> Result[UserList]:
        """List the users of your Zoom account.

        Args:
            status: Which users to list.
            role_id: List only users who have this role.
            license: List only users who have this license.
            include_fields: One more thing to tell about each user.
        """
        return await self.client.run('listUsers', select_given(locals()), **(options or {}))

    def iter_list_users(
        self,
        *,
        status: Literal['active', 'inactive', 'pending'] | Unset = UNSET,
        role_id: str | Unset = UNSET,
        license: Literal['zoom_workforce_management', 'zoom_compliance_management'] | str | Unset = UNSET,
        include_fields: Literal['custom_attributes', 'host_key'] | Unset = UNSET,
        options: ListingSettings | None = None,
    ) -> AsyncItems[User]:
        """List the users of your Zoom account, one after another.

        Args:
            status: Which users to list.
            role_id: List only users who have this role.
            license: List only users who have this license.
            include_fields: One more thing to tell about each user.
        """
        return self.client.items('listUsers', select_given(locals()), **(options or {}))

    async def list_webinar_participants(
        self,
        *,
        webinar_id: str,
        options: CallSettings | None = None,
    ) -> Result[ParticipantList]:
        """List the people who attended a webinar that is over.

        Args:
            webinar_id: The webinar's number for the last time it was held, or its UUID for one particular time.
        """
        return await self.client.run('listWebinarParticipants', select_given(locals()), **(options or {}))

    def iter_list_webinar_participants(
        self,
        *,
        webinar_id: str,
        options: ListingSettings | None = None,
    ) -> AsyncItems[Participant]:
        """List the people who attended a webinar that is over, one after another.

        Args:
            webinar_id: The webinar's number for the last time it was held, or its UUID for one particular time.
        """
        return self.client.items('listWebinarParticipants', select_given(locals()), **(options or {}))

    async def list_webinar_registrants(
        self,
        *,
        webinar_id: str,
        occurrence_id_webinar_query: str | Unset = UNSET,
        registrant_status: Literal['pending', 'approved', 'denied'] | Unset = UNSET,
        tracking_source_id: str | Unset = UNSET,
        options: CallSettings | None = None,
    ) -> Result[RegistrantList]:
        """List the people who registered for a webinar.

        Args:
            webinar_id: The webinar's number, with or without spaces and hyphens.
            occurrence_id_webinar_query: List only who registered for this one time of a recurring webinar.
            registrant_status: Which registrations to list.
            tracking_source_id: List only who registered through the tracking link with this ID.
        """
        return await self.client.run('listWebinarRegistrants', select_given(locals()), **(options or {}))

    def iter_list_webinar_registrants(
        self,
        *,
        webinar_id: str,
        occurrence_id_webinar_query: str | Unset = UNSET,
        registrant_status: Literal['pending', 'approved', 'denied'] | Unset = UNSET,
        tracking_source_id: str | Unset = UNSET,
        options: ListingSettings | None = None,
    ) -> AsyncItems[Registrant]:
        """List the people who registered for a webinar, one after another.

        Args:
            webinar_id: The webinar's number, with or without spaces and hyphens.
            occurrence_id_webinar_query: List only who registered for this one time of a recurring webinar.
            registrant_status: Which registrations to list.
            tracking_source_id: List only who registered through the tracking link with this ID.
        """
        return self.client.items('listWebinarRegistrants', select_given(locals()), **(options or {}))

    async def list_webinars(
        self,
        *,
        user_id: str,
        type: Literal['scheduled', 'upcoming'] | Unset = UNSET,
        options: CallSettings | None = None,
    ) -> Result[WebinarList]:
        """List the webinars of one of your users.

        Args:
            user_id: The host's user ID or email address, or "me" for the connected user.
            type: Which webinars to list, the scheduled ones when not said.
        """
        return await self.client.run('listWebinars', select_given(locals()), **(options or {}))

    def iter_list_webinars(
        self,
        *,
        user_id: str,
        type: Literal['scheduled', 'upcoming'] | Unset = UNSET,
        options: ListingSettings | None = None,
    ) -> AsyncItems[Webinar]:
        """List the webinars of one of your users, one after another.

        Args:
            user_id: The host's user ID or email address, or "me" for the connected user.
            type: Which webinars to list, the scheduled ones when not said.
        """
        return self.client.items('listWebinars', select_given(locals()), **(options or {}))

    async def raw_request(
        self,
        *,
        method: str,
        url: str,
        query_params: Mapping[str, Any] | Sequence[Any] | Unset = UNSET,
        headers: Mapping[str, Any] | Sequence[Any] | Unset = UNSET,
        data: str | Unset = UNSET,
        form_data: Mapping[str, Any] | Sequence[Any] | Unset = UNSET,
        file_data: Mapping[str, Any] | Sequence[Any] | Unset = UNSET,
        file_data_file_names: Mapping[str, Any] | Sequence[Any] | Unset = UNSET,
        response_type: Literal['json', 'text', 'binary', 'document'] | Unset = UNSET,
        timeout: int | Unset = UNSET,
        max_retries: int | Unset = UNSET,
        retry_delay_ms: int | Unset = UNSET,
        use_exponential_backoff: bool | Unset = UNSET,
        retry_all_errors: bool | Unset = UNSET,
        options: CallSettings | None = None,
    ) -> Result[Any]:
        """Send any request to Zoom that has no action of its own.

        Args:
            method: The HTTP method.
            url: The path below https://api.zoom.us/v2, beginning with / and already encoded.
            query_params: Parameters of the query, such as key1=value1.
            headers: Headers to send along; those that the connection and the transport set are refused.
            data: The body; text that is JSON goes out as JSON unless a Content-Type header says otherwise.
            form_data: Fields of a multipart form.
            file_data: Files of a multipart form, by key.
            file_data_file_names: Names for the files; each key is one of the keys of File Data.
            response_type: What to expect of the answer.
            timeout: How long to wait for an answer to one attempt, in milliseconds.
            max_retries: How often to try again; 0 for never.
            retry_delay_ms: How long to wait between attempts, in milliseconds, without exponential backoff.
            use_exponential_backoff: Wait longer after each attempt; the retry delay is then ignored.
            retry_all_errors: Try again after every error, even where it may be done twice; else only where that is
                safe.
        """
        return await self.client.run('rawRequest', select_given(locals()), **(options or {}))

    async def update_meeting(
        self,
        *,
        meeting_id: str,
        occurrence_id_query: str | Unset = UNSET,
        schedule_for: str | None | Unset = UNSET,
        topic: str | None | Unset = UNSET,
        agenda: str | None | Unset = UNSET,
        meeting_type: Literal[1, 2, 3, 8, 10] | None | Unset = UNSET,
        template_id: str | None | Unset = UNSET,
        password: str | None | Unset = UNSET,
        pre_schedule: bool | None | Unset = UNSET,
        start_time: str | datetime | None | Unset = UNSET,
        timezone: str | None | Unset = UNSET,
        duration: int | None | Unset = UNSET,
        recurrence: Literal[1, 2, 3] | None | Unset = UNSET,
        repeat_interval: int | None | Unset = UNSET,
        weekly_day: Sequence[Literal[1, 2, 3, 4, 5, 6, 7]] | str | None | Unset = UNSET,
        monthly_day: int | None | Unset = UNSET,
        monthly_week: Literal[-1, 1, 2, 3, 4] | None | Unset = UNSET,
        monthly_week_day: Literal[1, 2, 3, 4, 5, 6, 7] | None | Unset = UNSET,
        end_times: int | None | Unset = UNSET,
        end_date_time: str | datetime | None | Unset = UNSET,
        host_video: bool | None | Unset = UNSET,
        participant_video: bool | None | Unset = UNSET,
        join_before_host: bool | None | Unset = UNSET,
        mute_upon_entry: bool | None | Unset = UNSET,
        use_pmi: bool | None | Unset = UNSET,
        audio: Literal['both', 'telephony', 'voip', 'thirdParty'] | None | Unset = UNSET,
        available_dial_in_countries: Sequence[str] | None | Unset = UNSET,
        watermark: bool | None | Unset = UNSET,
        waiting_room: bool | None | Unset = UNSET,
        alternative_hosts: Sequence[str] | str | None | Unset = UNSET,
        meeting_authentication: bool | None | Unset = UNSET,
        encryption_type: Literal['enhanced_encryption', 'e2ee'] | None | Unset = UNSET,
        question_and_answer: Mapping[str, Any] | None | Unset = UNSET,
        auto_recording: Literal['none', 'local', 'cloud'] | None | Unset = UNSET,
        approval_type: Literal[0, 1, 2] | None | Unset = UNSET,
        registration_type: Literal[1, 2, 3] | None | Unset = UNSET,
        registration_email_notifications: bool | None | Unset = UNSET,
        tracking_fields: Sequence[Any] | None | Unset = UNSET,
        settings_extra_fields: Mapping[str, Any] | None | Unset = UNSET,
        options: CallSettings | None = None,
    ) -> Result[dict[str, Any]]:
        """Change what you name of a meeting, a series or one of its times, and leave the rest.

        Args:
            meeting_id: The meeting's number, with or without spaces and hyphens.
            occurrence_id_query: Which one of a recurring meeting's times to change, leaving the others as they are.
            schedule_for: The user ID or email address of the person the meeting is scheduled for.
            topic: What the meeting is called.
            agenda: What the meeting is about.
            meeting_type: Happens now, at a set time, or again and again.
            template_id: The account's meeting template to follow.
            password: The passcode people need to join.
            pre_schedule: Make it a prescheduled meeting of the Google Workspace app.
            start_time: When the meeting starts, in UTC (ending in Z) or in the time zone below; a time in the past
                changes nothing.
            timezone: The time zone of a start time without Z; one that ends in Z is in UTC, whatever stands here.
            duration: How long the meeting lasts, in minutes.
            recurrence: How often the meeting repeats; needed whenever its times of repeating change.
            repeat_interval: Repeat every this many days (up to 99), weeks (up to 50) or months (up to 10).
            weekly_day: The days of the week on which a weekly meeting takes place.
            monthly_day: Day of the month of a monthly meeting.
            monthly_week: Week of the month of a monthly meeting, together with Monthly Week Day.
            monthly_week_day: Day of that week, together with Monthly Week.
            end_times: How many times the meeting takes place, at most 60, or 0 for no end.
            end_date_time: The last day the meeting repeats, in UTC.
            host_video: Turn the host's video on when the meeting starts.
            participant_video: Turn participants' video on when they join.
            join_before_host: Let people join before the host, unless there is a waiting room.
            mute_upon_entry: Mute people when they join.
            use_pmi: Use the host's personal meeting ID instead of a new one.
            audio: How people hear the meeting.
            available_dial_in_countries: Countries with a local number to call, as two-letter codes.
            watermark: Show a watermark over shared screens.
            waiting_room: Let people wait until the host lets them in; nobody then joins before the host.
            alternative_hosts: The email addresses or user IDs of people who may host the meeting instead.
            meeting_authentication: Let in only people who are signed in to Zoom.
            encryption_type: How the meeting is encrypted; end to end switches off recording in the cloud, dialling in
                and more.
            question_and_answer: The settings of questions and answers, by Zoom's own names.
            auto_recording: Where to record the meeting, if anywhere.
            approval_type: How people who register are let in.
            registration_type: How often people register for a recurring meeting with a fixed time.
            registration_email_notifications: Email people when their registration is approved, cancelled or declined.
            tracking_fields: The account's tracking fields and their values.
            settings_extra_fields: Any other meeting setting Zoom knows, by Zoom's own name.
        """
        return await self.client.run('updateMeeting', select_given(locals()), **(options or {}))

    async def update_user(
        self,
        *,
        user_id: str,
        login_type: Literal[0, 1, 11, 21, 23, 24, 27, 97, 98, 99, 100, 101] | Unset = UNSET,
        first_name: str | None | Unset = UNSET,
        last_name: str | None | Unset = UNSET,
        display_name: str | None | Unset = UNSET,
        pronouns: str | None | Unset = UNSET,
        pronouns_option: Literal[1, 2, 3] | None | Unset = UNSET,
        about_me: str | None | Unset = UNSET,
        linkedin_url: str | None | Unset = UNSET,
        phone_numbers: Sequence[Any] | None | Unset = UNSET,
        company: str | None | Unset = UNSET,
        dept: str | None | Unset = UNSET,
        job_title: str | None | Unset = UNSET,
        division_ids: Sequence[str] | None | Unset = UNSET,
        cost_center: str | None | Unset = UNSET,
        manager: str | None | Unset = UNSET,
        location: str | None | Unset = UNSET,
        timezone: str | None | Unset = UNSET,
        language: str | None | Unset = UNSET,
        group_id: str | None | Unset = UNSET,
        custom_attributes: Sequence[Any] | None | Unset = UNSET,
        pmi: int | None | Unset = UNSET,
        use_pmi: bool | None | Unset = UNSET,
        vanity_name: str | None | Unset = UNSET,
        host_key: str | None | Unset = UNSET,
        user_type: Literal[1, 2, 4] | int | None | Unset = UNSET,
        plan_united_type_update: Literal['none', '1', '2', '4', '8', '16', '32', '64', '128', '256', '512', '1024', '2048', '4096', '8192', '16384', '32768', '65536', '131072'] | str | None | Unset = UNSET,
        zoom_one_type_update: Literal[0, 16, 32, 64, 128, 33554432, 134217728, 268435456, 536870912, 1073741824, 4398046511104, 4294967296, 8589934592, 17179869184, 34359738368, 68719476736, 137438953472, 274877906944, 549755813888, 1099511627776, 2199023255552, 18014398509481984, 72057594037927936, 144115188075855872, 576460752303423488] | int | None | Unset = UNSET,
        zoom_phone: bool | None | Unset = UNSET,
        license_info_list: Sequence[Any] | None | Unset = UNSET,
        cms_user_id: str | None | Unset = UNSET,
        remove_tsp_credentials: bool | Unset = UNSET,
        options: CallSettings | None = None,
    ) -> Result[dict[str, Any]]:
        """Change a user's profile, license or settings; what is not given stays as it is.

        Args:
            user_id: The user's ID or email address, or "me" for the connected user.
            login_type: Which sign-in to change when the user has several.
            first_name: The user's given name.
            last_name: The user's family name.
            display_name: The name other people see; left empty, Zoom makes it from first and last name.
            pronouns: The pronouns the user goes by.
            pronouns_option: When the pronouns are shown in meetings and webinars.
            about_me: A few words of the user's own, without links or HTML.
            linkedin_url: The link to the user's LinkedIn profile, which must lead to linkedin.com.
            phone_numbers: Up to three numbers, each with code, country, number and a label of Mobile, Office, Home or
                Fax.
            company: The company the user works for.
            dept: The department the user works in, whatever the label says.
            job_title: What the user does for work.
            division_ids: The division of the account that the user belongs to; Zoom takes one.
            cost_center: The cost center that the user is booked on.
            manager: The email address or display name of the user's manager, who is on the same account.
            location: Where the user works.
            timezone: The time zone the user's meetings are planned in.
            language: The language Zoom uses with the user.
            group_id: The group to put a user in who has not accepted the invitation yet.
            custom_attributes: Up to five of the account's custom attributes, each with key, name and value.
            pmi: The ten-digit ID of the user's personal meeting room.
            use_pmi: Start the user's instant meetings in the personal meeting room.
            vanity_name: The personal name at the end of the meeting room's link.
            host_key: The six to ten digits that make somebody in the meeting its host.
            user_type: The kind of meetings license, changed in a call of its own.
            plan_united_type_update: The Zoom United bundle, changed in a call of its own.
            zoom_one_type_update: The Zoom Workplace plan (once called Zoom One), changed in a call of its own.
            zoom_phone: Give the user Zoom Phone, or take it away together with all their numbers and desk phones.
            license_info_list: The licenses by type, option and subscription, for an account with several subscriptions.
            cms_user_id: The user's ID at Kaltura.
            remove_tsp_credentials: Forget the user's sign-in at the outside company that provides the meeting phone
                lines.
        """
        return await self.client.run('updateUser', select_given(locals()), **(options or {}))
