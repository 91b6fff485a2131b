export const ko = {
  app: { name: 'Eco²', tagline: '사진 한 장으로 알아보는 분리배출', skip: '본문으로 건너뛰기', menu: '메뉴', loading: '불러오는 중', close: '닫기', cancel: '취소', save: '저장', saved: '저장했어요.', retry: '다시 시도', back: '뒤로', more: '더 보기', copy: '복사', copied: '복사했어요.', delete: '삭제', notFound: '그런 화면이 없어요.', toHome: '처음으로', optional: '선택' },
  net: { offline: '인터넷에 연결되어 있지 않아요. 연결되면 이어서 할게요.', unreachable: '서버에 닿지 않아요. 다시 연결하는 중이에요.' },
  nav: { scan: '스캔', history: '기록', characters: '캐릭터', account: '내 정보' },
  auth: {
    signIn: '로그인', signUp: '회원가입', signOut: '로그아웃', email: '이메일', password: '비밀번호', newPassword: '새 비밀번호', currentPassword: '지금 비밀번호', nickname: '별명', show: '보기', hide: '숨기기',
    passwordHint: '8자 이상. 여러 단어를 이어 쓰면 기억하기 쉬워요.',
    noAccount: '처음이신가요?', haveAccount: '이미 계정이 있나요?', forgot: '비밀번호를 잊었어요', with: (name: string) => `${name}로 계속하기`, or: '또는',
    welcome: '이거, 어떻게 버리지?', welcomeText: '사진을 찍으면 무엇인지, 어떻게 나눠 버리는지 바로 알려 드려요. 잘 버릴 때마다 캐릭터 친구도 만나요.',
    signUpTitle: '계정 만들기', signUpText: '이메일만 있으면 돼요. 첫 친구 이코가 기다리고 있어요.',
    ended: '로그인이 끝났어요. 다시 로그인해 주세요.',
    oauthFailed: '다른 서비스로 로그인하지 못했어요. 다시 해 보세요.', accountExists: '이 이메일로 만든 계정이 이미 있어요. 먼저 로그인한 뒤 내 정보에서 연결해 주세요.',
    secondFactor: '두 번째 확인', secondFactorText: '인증 앱에 보이는 6자리 숫자나 백업 코드 하나를 넣어 주세요.', code: '확인 코드', confirm: '확인', startOver: '처음부터 로그인하기', challengeGone: '시간이 지났어요. 처음부터 로그인해 주세요.',
    forgotTitle: '비밀번호 찾기', forgotText: '가입한 이메일로 새 비밀번호를 정하는 링크를 보내 드려요.', sendLink: '링크 보내기', linkSent: '이 주소로 만든 계정이 있다면 메일을 보냈어요. 메일함을 확인해 주세요.',
    resetTitle: '새 비밀번호 정하기', resetDone: '비밀번호를 바꿨어요. 새 비밀번호로 로그인해 주세요.', linkBroken: '이 링크는 더 쓸 수 없어요. 새 링크를 받아 주세요.',
    verifyTitle: '이메일 확인', verifying: '확인하는 중이에요.', verified: '이메일을 확인했어요. 고마워요!',
  },
  scan: {
    title: '무엇을 버리려고 하나요?', text: '물건 하나만 밝은 곳에서 가까이 찍어 주세요.', camera: '사진 찍기', file: '사진 고르기', drop: '여기에 사진을 끌어다 놓아도 돼요.', dropNow: '여기에 놓아 주세요', formats: 'JPEG, PNG, WebP, GIF · 10 MB까지', another: '다른 사진', picture: '고른 사진',
    words: '한마디 덧붙이기', wordsHint: '예: 라벨 뗀 생수병, 기름 묻은 피자 상자', submit: '알려 줘!', uploading: '사진 보내는 중', submitting: '접수하는 중', working: '알아보는 중이에요', done: '다 됐어요', stop: '그만하기', newScan: '새로 찍기', justNow: '이번 스캔',
    progress: '진행', stages: { queued: '접수', vision: '사진 보기', rule: '규칙 찾기', answer: '답 쓰기', reward: '캐릭터' } as Record<string, string>,
    states: { waiting: '기다리는 중', started: '하는 중', completed: '끝남', skipped: '건너뜀', failed: '하지 못함' } as Record<string, string>,
    seen: (what: string, percent: number) => `${what} · ${percent}% 확신`, seenUnsure: (what: string, percent: number) => `${what} 같지만 확실하지 않아요 · ${percent}%`, seenNothing: '무엇인지 알아보지 못했어요', others: (names: string) => `함께 보이는 것: ${names}`, ruleFound: (name: string) => `${name} 배출 규칙`, ruleMissing: '확인된 규칙이 없어요', answerReady: '답을 다 썼어요',
    rewardGranted: (name: string) => `새 친구 ${name}!`, rewardOwned: (name: string) => `${name}, 또 만났어요`, rewardPending: '곧 도착해요', rewardNone: '이번에는 없어요',
    log: '일어난 일', logText: (what: string, state: string, time: string) => `${what} ${state}, ${time}`, reconnecting: '연결이 끊겼어요. 이어 붙이는 중이에요. 스캔은 서버에서 계속되고 있어요.', tooMany: '다른 창에서도 같은 스캔을 보고 있어요. 잠시 뒤에 다시 연결할게요.',
  },
  answer: {
    place: '여기에 버려요', rerouted: (from: string) => `${from}처럼 보이지만 여기로 가요`, safety: '안전하게', todo: '아직 남았어요', needed: '꼭 해 주세요', steps: '이렇게 해요', stepDone: '이미 했어요', cautions: '알아 두세요', local: '지역에 따라', unsure: '사진만으로는 확실하지 않아요. 한 번 더 가까이 찍거나 무엇인지 한마디 적어 주세요.', fallback: '평소의 모델이 쉬고 있어 내장 모델이 답했어요.', noRule: '아직 확인된 규칙이 없어요. 주민센터에 물어봐 주세요.', yourWords: '덧붙인 말',
    failed: '이번 스캔은 끝내지 못했어요', cancelled: '스캔을 그만뒀어요', tryAgain: '다시 찍어 보기', confidence: '확신',
  },
  reward: {
    granted: '새 친구를 만났어요!', owned: '이미 친구예요', ownedText: (name: string) => `${name}도 반가워해요.`, pending: '캐릭터가 오는 중이에요. 잠시 뒤 캐릭터 화면에서 볼 수 있어요.', none: '이번에는 캐릭터가 없어요', seeAll: '캐릭터 모두 보기',
    reasons: {
      DISABLED: '지금은 캐릭터를 쉬고 있어요.', UNCLASSIFIED: '무엇인지 알아보지 못했어요. 한마디 적어 주면 도움이 돼요.', MULTIPLE_ITEMS: '물건이 여러 개 보여요. 하나씩 찍어 주세요.', LOW_CONFIDENCE: '사진이 조금 더 또렷하면 좋겠어요.', NOT_RECYCLABLE: '재활용되는 물건일 때 만날 수 있어요.', NO_RULE: '아직 확인된 규칙이 없는 물건이에요.', INSUFFICIENT: '남은 일을 마치고 다시 찍어 주세요.', DUPLICATE_IMAGE: '전에 썼던 사진이에요. 새로 찍어 주세요.', DAILY_LIMIT: '오늘은 여기까지! 내일 또 만나요.', NO_CHARACTER: '이 종류에는 아직 캐릭터가 없어요.',
    } as Record<string, string>,
  },
  history: { title: '스캔 기록', empty: '아직 스캔이 없어요.', emptyText: '첫 사진을 찍어 볼까요?', running: '알아보는 중', failed: '끝내지 못함', cancelled: '그만둠', unknown: '알아보지 못함', reward: '캐릭터를 받음', deleteTitle: '이 기록을 지울까요?', deleteText: '스캔 결과가 기록에서 사라져요. 되돌릴 수 없어요. 받은 캐릭터는 남아요.', deleted: '기록을 지웠어요.', gone: '이 스캔은 없거나 지워졌어요.', detail: '스캔 결과' },
  characters: { title: '내 캐릭터', count: (n: number, all: number) => `${all}명 중 ${n}명`, since: (date: string) => `${date}에 만남`, missing: '아직 만나지 못함', how: (what: string) => `${what} 종류를 스캔하면 만나요`, examples: (list: string) => `예: ${list}`, rules: '만나려면', ruleList: ['물건 하나만 또렷하게 찍어요.', '비우고, 헹구고, 떼는 일까지 마치고 찍어요.', '같은 사진은 한 번만 셀 수 있어요.', '하루에 20번까지 받을 수 있어요.'], welcome: '가입하면 만나요', all: '모두 모았어요! 정말 대단해요.', stats: (scans: number, eligible: number) => `스캔 ${scans}번, 그중 ${eligible}번 캐릭터를 만났어요.` },
  account: {
    title: '내 정보', profile: '프로필', security: '보안', devices: '로그인한 곳', keys: 'API 키', privacy: '내 데이터', display: '화면', language: '언어', theme: '밝기', themes: { system: '기기 설정대로', light: '밝게', dark: '어둡게' },
    phone: '휴대폰 번호', phoneHint: '010으로 시작하는 번호', since: (date: string) => `${date}부터 함께하고 있어요.`, emailVerified: '확인된 이메일이에요.', emailUnverified: '아직 확인하지 않은 이메일이에요.', sendAgain: '확인 메일 다시 보내기', sent: '메일을 보냈어요. 메일함을 확인해 주세요.',
    changePassword: '비밀번호 바꾸기', setPassword: '비밀번호 정하기', passwordChanged: '비밀번호를 바꿨어요. 다른 기기에서는 로그아웃됐어요.',
    totp: '2단계 인증', totpOn: '켜져 있어요.', totpOff: '비밀번호에 더해 인증 앱의 숫자로 한 번 더 지켜요.', codesLeft: (n: number) => `백업 코드 ${n}개가 남았어요.`, totpNeedsEmail: '먼저 프로필에서 이메일을 확인해 주세요. 휴대폰을 잃어버려도 계정을 되찾을 수 있어야 하니까요.', totpStart: '켜기', totpScan: '인증 앱으로 이 QR을 찍고, 앱에 나온 6자리 숫자를 넣어 주세요.', totpManual: '찍을 수 없다면 이 키를 입력해 주세요', totpQr: '2단계 인증 등록 QR 코드', totpConfirm: '확인하고 켜기', totpStop: '2단계 인증 끄기', totpStopText: '끄려면 지금 코드를 넣어 주세요.', newCodes: '백업 코드 새로 받기', newCodesText: '새로 받으면 전에 받은 코드는 쓸 수 없어요.', codes: '백업 코드', codesText: '휴대폰을 잃어버렸을 때 하나씩 한 번만 쓸 수 있어요. 지금만 보여 드리니 안전한 곳에 적어 두세요.', codesKept: '적어 두었어요',
    providers: '연결된 로그인', link: '연결', unlink: '연결 끊기', linkedAt: (date: string) => `${date}에 연결`, notLinked: '연결 안 됨', noProviders: '연결할 수 있는 서비스가 없어요.', linkFailed: '연결하지 못했어요.', alreadyLinked: '다른 계정에 이미 연결되어 있어요.', linked: '연결했어요.',
    current: '이 기기', lastUsed: (date: string) => `마지막 사용 ${date}`, created: (date: string) => `${date}에 만듦`, signedIn: (date: string) => `${date}에 로그인`, unknownDevice: '알 수 없는 기기', end: '로그아웃시키기', endTitle: '이 기기에서 로그아웃시킬까요?', endText: '그 기기에서는 다시 로그인해야 해요.', endAll: '모든 곳에서 로그아웃', endAllText: '이 기기를 포함해 모든 곳에서 로그아웃돼요.', ended: '로그아웃시켰어요.',
    keysText: '프로그램에서 Eco²를 쓸 때 필요해요. 다른 사람에게 보여 주지 마세요.', keyName: '이름', keyScopes: '할 수 있는 일', keyExpires: '끝나는 날', keyCreate: '키 만들기', keyShown: '지금만 보여 드려요. 복사해 두세요.', keyNever: '기한 없음', keyUntil: (date: string) => `${date}까지`, keyUnused: '쓴 적 없음', keyDeleteTitle: '이 키를 없앨까요?', keyDeleteText: '이 키를 쓰던 프로그램은 더 들어오지 못해요.', noKeys: '아직 키가 없어요.', keyGone: '키를 없앴어요.',
    scopes: { 'scan:read': '스캔 보기', 'scan:write': '스캔하기', 'profile:read': '내 정보 보기' } as Record<string, string>,
    consents: '동의', analytics: '서비스 이용 통계', analyticsText: '어떤 화면이 쓰이는지 세는 데 동의해요.', improvement: '사진으로 서비스 개선', improvementText: '내 사진을 더 나은 인식에 쓰는 데 동의해요.', retention: '보관 기간', resultDays: '스캔 기록 (일)', pictureDays: '사진 (일)', changedElsewhere: '다른 곳에서 먼저 바뀌었어요. 새 값을 보고 다시 저장해 주세요.',
    export: '내 데이터 받기', exportText: '나에 관한 모든 것을 파일 하나로 모아 드려요.', exportStart: '모으기 시작', exportRunning: '모으는 중이에요', exportReady: '다 모았어요.', exportDownload: '받기 (ZIP)', exportFailed: '모으지 못했어요. 다시 해 보세요.', exportUntil: (date: string) => `${date}까지 받을 수 있어요.`,
    deletion: '계정 지우기', deletionText: '계정, 스캔, 사진, 캐릭터가 모두 지워지고 되돌릴 수 없어요.', deletionTitle: '정말 계정을 지울까요?', deletionSure: '모두 지워지고 되돌릴 수 없다는 것을 알아요.', deletionDo: '계정 지우기', receipt: '삭제 확인서', receiptText: '이 주소를 간직하면 언제든 다시 볼 수 있어요.', receiptRunning: '지우는 중이에요.', receiptDone: '모두 지웠어요.', receiptFailed: '아직 다 지우지 못했어요. 자동으로 다시 시도해요.', receiptAsked: (date: string) => `${date}에 요청`, receiptFinished: (date: string) => `${date}에 끝남`, removed: (n: number) => `${n}개`,
  },
  status: { running: '하는 중', waiting: '기다리는 중', queued: '기다리는 중', pending: '기다리는 중', started: '하는 중', succeeded: '끝남', completed: '끝남', done: '끝남', failed: '하지 못함' } as Record<string, string>,
  fields: { email: '이메일 주소를 다시 확인해 주세요.', password: '비밀번호는 8자 이상 128자 이하여야 해요.', new_password: '비밀번호는 8자 이상 128자 이하여야 해요.', nickname: '별명은 1자 이상 120자 이하여야 해요.', name: '이름을 적어 주세요.', code: '코드를 다시 확인해 주세요.', phone_number: '010으로 시작하는 휴대폰 번호를 적어 주세요.', user_input: '500자까지 쓸 수 있어요.', expires_at: '오늘보다 뒤의 날이어야 해요.' } as Record<string, string>,
  problems: {
    INVALID_CREDENTIALS: '이메일이나 비밀번호가 맞지 않아요.', EMAIL_IN_USE: '이 이메일로 만든 계정이 이미 있어요.', PASSWORD_BREACHED: '유출된 적이 있는 비밀번호예요. 다른 것으로 정해 주세요.', PASSWORD_TOO_SHORT: '비밀번호가 너무 짧아요.', PASSWORD_TOO_LONG: '비밀번호가 너무 길어요.', INVALID_CODE: '코드가 맞지 않아요.', SECOND_FACTOR_REQUIRED: '이 일을 하려면 2단계 인증을 켜야 해요.', LAST_SIGN_IN_WAY: '이것을 끊으면 로그인할 방법이 없어져요. 먼저 비밀번호를 정해 주세요.',
    RATE_LIMITED: '조금 빨라요. 잠시 뒤에 다시 해 주세요.', OVERLOADED: '지금은 이용자가 많아요. 잠시 뒤에 다시 해 주세요.', VALIDATION: '적은 내용을 다시 확인해 주세요.', TOO_LARGE: '사진이 너무 커요. 10 MB까지 보낼 수 있어요.', UNSUPPORTED_MEDIA: '이 형식의 사진은 읽을 수 없어요. JPEG, PNG, WebP, GIF로 보내 주세요.', IMAGE_UNREADABLE: '사진을 읽을 수 없어요. 다른 사진으로 해 보세요.', IMAGE_TOO_LARGE: '사진이 너무 커요.', IMAGE_NOT_FOUND: '사진을 찾을 수 없어요. 다시 골라 주세요.', UPLOAD_NOT_FOUND: '사진이 도착하지 않았어요. 다시 보내 주세요.', IMAGE_FETCH_FAILED: '사진을 가져오지 못했어요. 다시 해 보세요.',
    VISION_FAILED: '사진을 알아보는 중에 문제가 생겼어요.', VISION_INVALID_OUTPUT: '사진을 알아보는 중에 문제가 생겼어요.', ANSWER_FAILED: '답을 쓰는 중에 문제가 생겼어요.', ANSWER_INVALID_OUTPUT: '답을 쓰는 중에 문제가 생겼어요.', PROVIDER_RATE_LIMITED: '인식 서비스가 바빠요. 잠시 뒤에 다시 해 주세요.', PROVIDER_UNAVAILABLE: '인식 서비스가 쉬고 있어요. 잠시 뒤에 다시 해 주세요.', TIMEOUT: '시간이 너무 오래 걸려 멈췄어요. 다시 해 보세요.', CANCELLED: '그만두었어요.', JOB_FINISHED: '이미 끝난 스캔이에요.', JOB_NOT_FOUND: '이 스캔은 없거나 지워졌어요.', RESULT_NOT_FOUND: '이 스캔은 없거나 지워졌어요.', TOO_MANY_STREAMS: '여러 창에서 보고 있어요. 다른 창을 닫아 주세요.',
    NO_CHANGES_PROVIDED: '바뀐 것이 없어요.', INVALID_PHONE_NUMBER: '010으로 시작하는 휴대폰 번호를 적어 주세요.', PHONE_IN_USE: '다른 계정에서 쓰는 번호예요.', LINK_INVALID: '이 링크는 더 쓸 수 없어요. 새 링크를 받아 주세요.', CHALLENGE_ENDED: '시간이 지났거나 너무 여러 번 틀렸어요. 처음부터 로그인해 주세요.', SIGN_IN_AGAIN: '안전을 위해 다시 로그인한 뒤에 해 주세요.', SESSION_REQUIRED: '이 일은 로그인해서만 할 수 있어요.', EMAIL_NOT_VERIFIED: '먼저 이메일을 확인해 주세요.', NO_EMAIL: '이 계정에는 이메일이 없어요.', SECOND_FACTOR_ON: '2단계 인증이 이미 켜져 있어요.', SECOND_FACTOR_OFF: '2단계 인증이 꺼져 있어요.', PASSWORD_GUESSABLE: '쉽게 짐작할 수 있는 비밀번호예요. 다른 것으로 정해 주세요.', WRONG_PASSWORD: '지금 비밀번호가 맞지 않아요.', TOO_MANY_KEYS: '키는 20개까지 만들 수 있어요. 쓰지 않는 것을 없애 주세요.', UNSUPPORTED_PROVIDER: '쓸 수 없는 서비스예요.', OAUTH_PROVIDER_ERROR: '그 서비스가 대답하지 않아요. 잠시 뒤에 다시 해 주세요.', EXPORT_NOT_FOUND: '모아 둔 데이터가 없거나 기한이 지났어요.', DELETION_NOT_FOUND: '그런 확인서가 없어요.', UNAUTHORIZED: '먼저 로그인해 주세요.', FORBIDDEN: '이 일을 할 권한이 없어요.', INVALID_TOKEN: '이 링크는 더 쓸 수 없어요.', TOKEN_EXPIRED: '이 링크는 더 쓸 수 없어요.',
  } as Record<string, string>,
  generic: { unreachable: '서버에 닿지 않아요. 인터넷 연결을 확인하고 다시 해 주세요.', server: '서버에 문제가 생겼어요. 잠시 뒤에 다시 해 주세요.', notFound: '찾는 것이 없어요.', other: '하지 못했어요. 다시 해 보세요.', code: (code: string) => `오류 코드 ${code}`, wait: (s: number) => `${s}초 뒤에 다시 해 주세요.` },
};

/** Everything the page says. Another language has this type, so none can lack a sentence. */
export type Words = typeof ko;
